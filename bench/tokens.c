// A stand-in for a language model: it has no model, and streams the same word at a fixed speed, to thousands at once.
//
//     tokens FIRST INTER TOKENS    milliseconds until the first token, milliseconds between two, tokens of an answer
//
// It prints its address, and answers chat completions of OpenAI's API until it gets SIGTERM; then it prints what it
// really did, as JSON: how many streams, how many at once, and p50 and p99 of two times in milliseconds, from the last
// byte of a request to its first token written, and from one token to the next.
//
// One thread. As all streams wait equally long, whoever begins to wait first is due first: two queues, and no heap.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { MOST_CONNECTIONS = 1 << 16, LONGEST_REQUEST = 1 << 16, EVENTS_AT_ONCE = 256 };

#define EVENT "data: {\"id\": \"chat-1\", \"object\": \"chat.completion.chunk\", \"created\": 1, \"model\": \"stand-in\", \"choices\": "
#define CHOICE(delta, reason) EVENT "[{\"index\": 0, \"delta\": " delta ", \"finish_reason\": " reason "}]}\n\n"
static const char HEAD[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
static const char ROLE[] = CHOICE("{\"role\": \"assistant\", \"content\": \"\"}", "null");
static const char TOKEN[] = CHOICE("{\"content\": \" word\"}", "null");
static const char MODELS[] = "{\"object\": \"list\", \"data\": [{\"id\": \"stand-in\", \"object\": \"model\", \"created\": 1, "
                             "\"owned_by\": \"bench\"}]}";

typedef long long ns;
typedef struct {
    char *request;
    long length, body, whole; // bytes that came; where the body begins; bytes of the whole request, 0 if not known yet
    long left, tokens;        // tokens to send and of the answer
    unsigned life;            // tells this connection from an earlier one of the same number
    ns asked, wrote;
} connection;
typedef struct {
    int fd;
    unsigned life;
    ns due;
} turn;
typedef struct {
    turn turns[MOST_CONNECTIONS];
    unsigned first, end;
} queue;
typedef struct {
    ns *all;
    long count, room;
} times;

static connection connections[MOST_CONNECTIONS];
static queue for_first, for_next;
static times firsts, gaps;
static ns first, inter;
static long tokens, streams, open_now, most_open;
static volatile sig_atomic_t ended;

static void end(int signal) { ended = signal; }

static ns now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void record(times *of, ns time) {
    if (of->count == of->room && !(of->all = realloc(of->all, (of->room = 2 * of->room + 4096) * sizeof time)))
        exit(1);
    of->all[of->count++] = time;
}

static int by_size(const void *a, const void *b) {
    ns one = *(const ns *)a, other = *(const ns *)b;
    return (one > other) - (one < other);
}

// The smallest time that so many of a hundred do not exceed.
static double percentile(times *of, int percent) {
    return of->count ? of->all[(of->count * percent + 99) / 100 - 1] / 1e6 : 0;
}

static void print(const char *name, times *of, const char *after) {
    qsort(of->all, of->count, sizeof *of->all, by_size);
    printf("\"%s\": {\"p50\": %.3f, \"p99\": %.3f}%s", name, percentile(of, 50), percentile(of, 99), after);
}

static void hang_up(int fd) {
    connection *to = &connections[fd];
    open_now -= to->left > 0;
    free(to->request);
    *to = (connection){.life = to->life + 1};
    close(fd);
}

static void wait_in(queue *in, int fd, ns due) {
    in->turns[in->end++ % MOST_CONNECTIONS] = (turn){fd, connections[fd].life, due};
}

// A client that reads so slowly that its socket is full is no client that this is for.
static int send_all(int fd, const char *text, long length) {
    return write(fd, text, length) == length || (hang_up(fd), 0);
}

static int chunk(char *to, const char *data) { return sprintf(to, "%zx\r\n%s\r\n", strlen(data), data); }

static void stream(int fd, const char *body) {
    connection *to = &connections[fd];
    char text[2048];
    const char *most = strstr(body, "\"max_tokens\":");
    if (!most)
        most = strstr(body, "\"max_completion_tokens\":");
    long asked = most ? atol(strchr(most, ':') + 1) : 0;
    to->asked = now();
    to->tokens = to->left = asked > 0 && asked < tokens ? asked : tokens;
    streams++;
    if (++open_now > most_open)
        most_open = open_now;
    int length = sprintf(text, "%s", HEAD);
    length += chunk(text + length, ROLE);
    if (send_all(fd, text, length))
        wait_in(&for_first, fd, to->asked + first);
}

static void finish(int fd, const char *reason) {
    connection *of = &connections[fd];
    char text[2048], event[512];
    long asked = (of->whole - of->body) / 4; // nobody counts them: a token has some four bytes
    snprintf(event, sizeof event, CHOICE("{}", "\"%s\""), reason);
    int length = chunk(text, event);
    snprintf(event, sizeof event, EVENT "[], \"usage\": {\"prompt_tokens\": %ld, \"completion_tokens\": %ld, \"total_tokens\": %ld}}\n\n",
             asked, of->tokens, asked + of->tokens);
    length += chunk(text + length, event);
    length += chunk(text + length, "data: [DONE]\n\n");
    length += sprintf(text + length, "0\r\n\r\n");
    open_now--;
    of->whole = of->length = 0;
    send_all(fd, text, length);
}

static void answer(int fd) {
    connection *from = &connections[fd];
    char text[512];
    if (!strncmp(from->request, "POST /v1/chat/completions ", 26))
        return stream(fd, from->request + from->body);
    int known = !strncmp(from->request, "GET /ping ", 10) || !strncmp(from->request, "GET /health ", 12) ||
                !strncmp(from->request, "GET /v1/models", 14);
    int length = sprintf(text, "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                         known ? "200 OK" : "404 Not Found", strlen(MODELS), MODELS);
    from->whole = from->length = 0;
    send_all(fd, text, length);
}

static void receive(int fd) {
    connection *from = &connections[fd];
    if (!from->request && !(from->request = malloc(LONGEST_REQUEST + 1)))
        exit(1);
    ssize_t got = read(fd, from->request + from->length, LONGEST_REQUEST - from->length);
    if (got <= 0)
        return hang_up(fd);
    from->request[from->length += got] = 0;
    if (!from->whole) {
        char *body = strstr(from->request, "\r\n\r\n"), *length = strcasestr(from->request, "\r\ncontent-length:");
        if (!body)
            return;
        from->body = body + 4 - from->request;
        from->whole = from->body + (length && length < body ? atol(length + 17) : 0);
    }
    if (from->length == from->whole && !from->left)
        answer(fd);
}

// Write the token of whoever is due, and give how long it is until the next one is; -1 if nobody waits.
static ns take_turns(const char *token, long length) {
    for (;;) {
        int some = for_first.first != for_first.end, others = for_next.first != for_next.end;
        if (!some && !others)
            return -1;
        turn *one = &for_first.turns[for_first.first % MOST_CONNECTIONS], *other = &for_next.turns[for_next.first % MOST_CONNECTIONS];
        int begins = some && (!others || one->due <= other->due);
        turn next = begins ? *one : *other;
        ns wait = next.due - now();
        if (wait > 0)
            return wait;
        *(begins ? &for_first.first : &for_next.first) += 1;
        connection *to = &connections[next.fd];
        if (to->life != next.life || !send_all(next.fd, token, length))
            continue;
        ns wrote = now();
        record(begins ? &firsts : &gaps, wrote - (begins ? to->asked : to->wrote));
        to->wrote = wrote;
        if (--to->left)
            wait_in(&for_next, next.fd, next.due + inter);
        else
            finish(next.fd, "length");
    }
}

int main(int count, char **arguments) {
    if (count != 4)
        return fprintf(stderr, "usage: tokens FIRST INTER TOKENS\n"), 2;
    first = atoll(arguments[1]) * 1000000, inter = atoll(arguments[2]) * 1000000, tokens = atol(arguments[3]);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), poll = epoll_create1(0), one = 1;
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 4096))
        return perror("tokens"), 1;
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("http://127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    sigset_t blocked, none;
    sigemptyset(&none), sigemptyset(&blocked), sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = end}, NULL);
    signal(SIGPIPE, SIG_IGN);
    char token[1024];
    long length = chunk(token, TOKEN);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, ready[EVENTS_AT_ONCE];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    while (!ended) {
        ns wait = take_turns(token, length);
        struct timespec until = {wait / 1000000000, wait % 1000000000};
        int events = epoll_pwait2(poll, ready, EVENTS_AT_ONCE, wait < 0 ? NULL : &until, &none);
        for (int i = 0; i < events; i++) {
            int fd = ready[i].data.fd;
            if (fd != listener) {
                receive(fd);
                continue;
            }
            event.data.fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
            if (event.data.fd < 0)
                continue;
            if (event.data.fd >= MOST_CONNECTIONS) {
                close(event.data.fd);
                continue;
            }
            setsockopt(event.data.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            epoll_ctl(poll, EPOLL_CTL_ADD, event.data.fd, &event);
        }
    }
    printf("{\"streams\": %ld, \"most_open\": %ld, ", streams, most_open);
    print("ttft_ms", &firsts, ", ");
    print("inter_token_ms", &gaps, "}\n");
}
