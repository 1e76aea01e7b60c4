/* print.c - see print.h. */
#include "print.h"

enum { DECIMAL_DIGITS = 20, HEX_DIGITS = 8 };

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
        text[1 + digit] = "0123456789abcdef"[bits >> (28 - 4 * digit) & 15u];
    text[HEX_DIGITS + 1] = '\0';
    port_write(text);
}
