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

/* ---- floats ----------------------------------------------------------------------------------------- */

enum { FLOAT_DIGITS = 6, LEAST_DIGITS = 100000, LEAST_FIXED = -4 };
enum { FLOAT_EXPONENT = 23, FLOAT_BIAS = 127, FLOAT_SPECIAL = 255, TOP_BIT = 59 };

/* digits / 10^5 * 10^exponent, rounded, by integers only: the significand stays between 2^59 and 2^60, with
 * room for a factor of 10, and loses less than 2^-59 of itself a step. */
static uint32_t decimal_digits(uint32_t bits, int *exponent) {
    int power = (int)(bits >> FLOAT_EXPONENT & FLOAT_SPECIAL);
    uint64_t significand = bits & ((1u << FLOAT_EXPONENT) - 1);
    if (power > 0)
        significand |= 1u << FLOAT_EXPONENT;
    else
        power = 1;
    power -= FLOAT_BIAS + FLOAT_EXPONENT;
    *exponent = FLOAT_DIGITS - 1;
    for (;;) {
        while (significand >> TOP_BIT == 0) {
            significand <<= 1;
            power--;
        }
        while (significand >> (TOP_BIT + 1) != 0) {
            significand >>= 1;
            power++;
        }
        const int below = power < 0 && power >= -TOP_BIT;
        const uint64_t whole = below ? significand >> -power : 0;
        if (whole >= LEAST_DIGITS && whole < 10 * LEAST_DIGITS) {
            const uint64_t rounded = (significand + (1ull << (-power - 1))) >> -power;
            if (rounded < 10 * LEAST_DIGITS) return (uint32_t)rounded;
            ++*exponent;
            return LEAST_DIGITS;
        }
        if (power >= 0 || whole >= LEAST_DIGITS) {
            significand /= 10;
            ++*exponent;
        } else {
            significand *= 10;
            --*exponent;
        }
    }
}

/* The digits with a point behind the first `whole` of them, zeros in front where that is not above 0. */
static void print_digits(uint32_t digits, int whole) {
    char text[2 * FLOAT_DIGITS + 2];
    char *next = text + sizeof text - 1;
    *next = '\0';
    for (int place = FLOAT_DIGITS; place > 0 || place >= whole; place--) {
        if (place == whole && place < FLOAT_DIGITS) *--next = '.';
        *--next = HEX[place > 0 ? digits % 10 : 0];
        if (place > 0) digits /= 10;
    }
    port_write(next);
}

void print_float(uint32_t bits) {
    const uint32_t magnitude = bits & ~(1u << 31);
    port_write(bits == magnitude ? " " : " -");
    if (magnitude >> FLOAT_EXPONENT == FLOAT_SPECIAL) {
        port_write(magnitude << (32 - FLOAT_EXPONENT) == 0 ? "inf" : "nan");
    } else if (magnitude == 0) {
        port_write("0");
    } else {
        int exponent;
        const uint32_t digits = decimal_digits(magnitude, &exponent);
        const int fixed = exponent >= LEAST_FIXED && exponent < FLOAT_DIGITS;
        print_digits(digits, fixed ? exponent + 1 : 1);
        if (fixed) return;
        const uint32_t size = (uint32_t)(exponent < 0 ? -exponent : exponent);
        const char text[] = {'e', exponent < 0 ? '-' : '+', HEX[size / 10], HEX[size % 10], '\0'};
        port_write(text);
    }
}

/* ---- text of others --------------------------------------------------------------------------------- */

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
