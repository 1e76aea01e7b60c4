/* print.c - see print.h. */
#include "print.h"

enum { DECIMAL_DIGITS = 20, HEX_DIGITS = 8, UTF8_BYTES = 4 };

#define LAST_CODE_POINT 0x10FFFFu

static const char HEX[] = "0123456789abcdef";

void print_number(uint64_t number) {
    char text[DECIMAL_DIGITS + 2];
    char *first = text + sizeof text - 1;
    *first = '\0';
    do {
        *--first = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    *--first = ' ';
    port_write(first);
}

void print_bits(uint32_t bits) {
    char text[HEX_DIGITS + 2] = " ";
    for (int digit = 0; digit < HEX_DIGITS; digit++)
        text[1 + digit] = HEX[bits >> (28 - 4 * digit) & 15u];
    text[HEX_DIGITS + 1] = '\0';
    port_write(text);
}

static int malformed(uint32_t *code) {
    *code = 0;
    return 1;
}

/* Bytes of the UTF-8 sequence at `text`, and its code point. A byte that begins none counts as a NUL;
 * the text's own NUL ends what is read. */
static int utf8_sequence(const unsigned char *text, uint32_t *code) {
    static const uint32_t LEAST[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char lead = text[0];
    const int bytes = lead < 0x80         ? 1
                      : lead >> 5 == 0x06 ? 2
                      : lead >> 4 == 0x0E ? 3
                      : lead >> 3 == 0x1E ? 4
                                          : 0;
    uint32_t value = bytes == 1 ? lead : lead & (0x7Fu >> bytes);
    for (int i = 1; i < bytes; i++) {
        if (text[i] >> 6 != 2) return malformed(code);
        value = value << 6 | (text[i] & 0x3Fu);
    }
    if (bytes == 0 || value < LEAST[bytes] || value > LAST_CODE_POINT) return malformed(code);
    *code = value;
    return bytes;
}

/* Control characters, line and paragraph separators, and what changes the direction of writing. */
static int is_obeyed(uint32_t code) {
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x061C || code == 0xFEFF ||
           (code >= 0x200B && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) ||
           (code >= 0x2060 && code <= 0x206F) || (code >= 0xD800 && code <= 0xDFFF);
}

static void print_raw(const unsigned char *text, int bytes) {
    char raw[UTF8_BYTES + 1];
    for (int i = 0; i < bytes; i++) raw[i] = (char)text[i];
    raw[bytes] = '\0';
    port_write(raw);
}

static void print_hex(const unsigned char *text, int bytes) {
    for (int i = 0; i < bytes; i++) {
        const char hex[] = {'\\', 'x', HEX[text[i] >> 4], HEX[text[i] & 15], '\0'};
        port_write(hex);
    }
}

void print_escaped(const char *text) {
    const unsigned char *next = (const unsigned char *)text;
    while (*next != '\0') {
        uint32_t code;
        const int bytes = utf8_sequence(next, &code);
        if (is_obeyed(code))
            print_hex(next, bytes);
        else
            print_raw(next, bytes);
        next += bytes;
    }
}
