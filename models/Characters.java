// What java.util.regex knows of characters, by asking it: `kind/name` and the code points, a line each.

import java.util.*;
import java.util.regex.*;

public class Characters {
    static final String ALL = all();
    static final Map<String, BitSet> ROWS = new TreeMap<>();

    /** Every code point once; no two surrogates make a pair. */
    static String all() {
        StringBuilder out = new StringBuilder();
        for (int[] part : new int[][] {{0, 0xd7ff}, {0xe000, 0xffff}, {0xdc00, 0xdfff}, {'x', 'x'}, {0xd800, 0xdbff}, {0x10000, 0x10ffff}})
            for (int one = part[0]; one <= part[1]; one++) out.appendCodePoint(one);
        return out.toString();
    }

    static BitSet those(String pattern) {
        BitSet set = new BitSet();
        for (Matcher runs = Pattern.compile("(?:" + pattern + ")+").matcher(ALL); runs.find(); )
            for (int at = runs.start(), one; at < runs.end(); at += Character.charCount(one)) set.set(one = ALL.codePointAt(at));
        return set;
    }

    static boolean put(String key, String pattern) {
        try {
            ROWS.put(key, those(pattern));
            return true;
        } catch (PatternSyntaxException unknown) {
            return false;
        }
    }

    /** In every letter case, and without regard to it, if that is another set. */
    static void property(String kind, String name, String flags, String pattern) {
        String key = kind + "/" + name;
        if (put(key, flags + pattern) && put("i" + key, "(?i)" + flags + pattern) && ROWS.get(key).equals(ROWS.get("i" + key)))
            ROWS.remove("i" + key);
    }

    static void scripts() {
        for (Character.UnicodeScript script : Character.UnicodeScript.values()) put("sc/" + script, "\\p{sc=" + script + "}");
        char[] code = new char[4];
        for (int n = 0; n < 26 * 26 * 26 * 26; n++) {
            for (int at = 0, rest = n; at < 4; at++, rest /= 26) code[at] = (char) ('A' + rest % 26);
            String name = new String(code);
            try {
                ROWS.put("sc/" + name, ROWS.get("sc/" + Character.UnicodeScript.forName(name)));
            } catch (IllegalArgumentException none) {
            }
        }
    }

    /** A block has the name of its constant, that of Unicode, which is another one for three, and that without spaces. */
    static void blocks() {
        List<String> constants = new ArrayList<>(List.of("GREEK_AND_COPTIC", "CYRILLIC_SUPPLEMENT", "COMBINING_DIACRITICAL_MARKS_FOR_SYMBOLS"));
        for (java.lang.reflect.Field field : Character.UnicodeBlock.class.getFields())
            if (field.getType() == Character.UnicodeBlock.class) constants.add(field.getName());
        for (String constant : constants) {
            List<String> names = List.of("");
            for (String word : constant.split("_")) {
                List<String> longer = new ArrayList<>();
                for (String name : names)
                    for (String gap : name.isEmpty() ? new String[] {""} : new String[] {"_", " ", "", "-"}) longer.add(name + gap + word);
                names = longer;
            }
            BitSet set = null;
            for (String name : names) {
                try {
                    Character.UnicodeBlock.forName(name);
                } catch (IllegalArgumentException none) {
                    continue;
                }
                if (set == null) set = those("\\p{blk=" + name + "}");
                ROWS.put("blk/" + name, set);
            }
        }
    }

    /** What a cluster of characters is made of, seen by what holds together. */
    static void clusters() {
        Pattern one = Pattern.compile("\\X");
        String picture = "\ud83d\ude00", joiner = "\u200d";
        Map<String, BitSet> kinds = new LinkedHashMap<>();
        for (String kind : List.of("control", "mark", "extend", "prepend", "picture")) kinds.put(kind, new BitSet());
        for (int point = 0; point <= 0x10ffff; point++) {
            if (point >= 0xd800 && point <= 0xdfff) continue;
            String text = new String(Character.toChars(point));
            if (!one.matcher(text + "\u0301").matches()) kinds.get("control").set(point);
            if (one.matcher("a" + text).matches()) kinds.get("mark").set(point);
            if (one.matcher(picture + text + joiner + picture).matches()) kinds.get("extend").set(point);
            if (one.matcher(text + "a").matches()) kinds.get("prepend").set(point);
            if (one.matcher(text + joiner + picture).matches()) kinds.get("picture").set(point);
        }
        kinds.forEach((kind, set) -> ROWS.put("x/" + kind, set));
    }

    static void letterCases() {
        for (boolean upper : new boolean[] {true, false}) {
            Map<Integer, BitSet> moved = new TreeMap<>();
            for (int one = 0; one <= 0x10ffff; one++) {
                int by = (upper ? Character.toUpperCase(one) : Character.toLowerCase(one)) - one;
                if (by != 0) moved.computeIfAbsent(by, none -> new BitSet()).set(one);
            }
            moved.forEach((by, set) -> ROWS.put((upper ? "upper/" : "lower/") + by, set));
        }
    }

    public static void main(String[] arguments) {
        for (String name : ("Cn Lu Ll Lt Lm Lo Mn Me Mc Nd Nl No Zs Zl Zp Cc Cf Co Cs Pd Ps Pe Pc Po Sm Sc Sk So Pi Pf L M N Z C P S LC LD L1 all "
                + "ASCII Alnum Alpha Blank Cntrl Digit Graph Lower Print Punct Space Upper XDigit "
                + "javaLowerCase javaUpperCase javaAlphabetic javaIdeographic javaTitleCase javaDigit javaDefined javaLetter javaLetterOrDigit "
                + "javaJavaIdentifierStart javaJavaIdentifierPart javaUnicodeIdentifierStart javaUnicodeIdentifierPart javaIdentifierIgnorable "
                + "javaSpaceChar javaWhitespace javaISOControl javaMirrored").split(" "))
            property("p", name, "", "\\p{gc=" + name + "}");
        for (String name : ("ALPHABETIC LETTER IDEOGRAPHIC LOWERCASE UPPERCASE TITLECASE WHITE_SPACE WHITESPACE CONTROL PUNCTUATION HEX_DIGIT "
                + "HEXDIGIT ASSIGNED NONCHARACTER_CODE_POINT NONCHARACTERCODEPOINT DIGIT ALNUM BLANK GRAPH PRINT WORD JOIN_CONTROL JOINCONTROL "
                + "EMOJI EMOJI_PRESENTATION EMOJI_MODIFIER EMOJI_MODIFIER_BASE EMOJI_COMPONENT EXTENDED_PICTOGRAPHIC").split(" "))
            property("is", name, "", "\\p{Is" + name + "}");
        for (String name : "ALPHA LOWER UPPER SPACE PUNCT XDIGIT ALNUM CNTRL DIGIT BLANK GRAPH PRINT".split(" "))
            property("posix", name, "(?U)", "\\p{" + name + "}");
        for (String name : "w d s".split(" ")) put("u/" + name, "(?U)\\" + name);
        scripts();
        blocks();
        clusters();
        letterCases();
        System.out.println(System.getProperty("java.version"));
        ROWS.forEach((key, set) -> {
            StringBuilder out = new StringBuilder(key).append('\t');
            for (int from = set.nextSetBit(0), to; from >= 0; from = set.nextSetBit(to)) {
                to = set.nextClearBit(from);
                out.append(from).append('-').append(to - 1).append(' ');
            }
            System.out.println(out.toString().strip());
        });
    }
}
