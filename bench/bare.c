// A model server that does nothing, so that the client is what is measured: each request gets the same answer, at once.
//
//     bare ROWS    prints its address, then answers with so many predictions until it is ended
//
// One thread. It reads no more of a request than its length; heads come in one piece, as clients send them.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { MOST_CONNECTIONS = 1 << 16, READ_AT_ONCE = 1 << 20 };

static const char prediction[] = "{\"label\": \"setosa\", \"score\": 0.975}";
static char buffer[READ_AT_ONCE + 1];
static long missing[MOST_CONNECTIONS]; // how much of a request's body is still to come

static char *answer(int rows, size_t *length) {
    size_t size = rows * (sizeof prediction + 2) + 256;
    char *body = malloc(size), *whole = malloc(size + 256);
    char *end = body + sprintf(body, "{\"predictions\": [");
    for (int row = 0; row < rows; row++)
        end += sprintf(end, "%s%s", row ? ", " : "", prediction);
    end += sprintf(end, "]}");
    *length = sprintf(whole, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %ld\r\n\r\n%s",
                      (long)(end - body), body);
    return whole;
}

// Whether a whole request is there, after so many bytes more of it.
static int is_whole(int connection, ssize_t count) {
    if (missing[connection] == 0) {
        buffer[count] = 0;
        char *end = strstr(buffer, "\r\n\r\n"), *length = strcasestr(buffer, "\r\ncontent-length:");
        if (!end)
            return 0;
        missing[connection] = (length && length < end ? atol(length + 17) : 0) + (end + 4 - buffer);
    }
    missing[connection] -= count;
    return missing[connection] == 0;
}

int main(int count, char **arguments) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), poll = epoll_create1(0), one = 1;
    size_t length;
    const char *whole = answer(count > 1 ? atoi(arguments[1]) : 1, &length);
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 4096))
        return perror("bare"), 1;
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("http://127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, ready[256];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int events = epoll_wait(poll, ready, 256, -1);
        for (int i = 0; i < events; i++) {
            int fd = ready[i].data.fd;
            if (fd == listener) {
                event.data.fd = accept(listener, NULL, NULL);
                missing[event.data.fd] = 0;
                setsockopt(event.data.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                epoll_ctl(poll, EPOLL_CTL_ADD, event.data.fd, &event);
                continue;
            }
            ssize_t got = read(fd, buffer, READ_AT_ONCE);
            if (got <= 0 || (is_whole(fd, got) && write(fd, whole, length) != (ssize_t)length))
                close(fd);
        }
    }
}
