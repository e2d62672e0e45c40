// Answers, a line each, whether a pattern matches all of a value. A line of input has both in hexadecimal units of UTF-16.

import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.regex.*;

public class Matches {
    static String text(String units) {
        StringBuilder out = new StringBuilder();
        for (int at = 0; at < units.length(); at += 4) out.append((char) Integer.parseInt(units.substring(at, at + 4), 16));
        return out.toString();
    }

    static String answer(String pattern, String value) {
        try {
            return String.valueOf(Pattern.compile(pattern).matcher(value).matches());
        } catch (PatternSyntaxException refused) {
            return "refused: " + refused.getDescription().replaceAll("\\s", " ");
        } catch (Throwable failed) {
            return "fails: " + failed.getClass().getName();
        }
    }

    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), false, "UTF-8");
        for (String line; (line = in.readLine()) != null; ) {
            String[] pair = line.split("\t", -1), answer = {"fails: takes more than two seconds"};
            Thread asked = new Thread(null, () -> answer[0] = answer(text(pair[0]), text(pair[1])), "asked", 64 << 20);
            asked.setDaemon(true);
            asked.start();
            asked.join(2000);
            out.println(answer[0]);
        }
        out.flush();
        System.exit(0);
    }
}
