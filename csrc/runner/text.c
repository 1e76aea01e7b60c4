/* text.c - see text.h. */
#include "text.h"

enum { DIGITS = 20 };

text text_in(char *bytes, uint32_t room) {
    bytes[0] = '\0';
    return (text){bytes, room, 0};
}

void text_add(text *into, const char *more) {
    while (*more != '\0' && into->length + 1 < into->room) into->bytes[into->length++] = *more++;
    into->bytes[into->length] = '\0';
}

void text_number(text *into, uint64_t number) {
    char digits[DIGITS + 1];
    char *first = digits + DIGITS;
    *first = '\0';
    do {
        *--first = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    text_add(into, first);
}
