/* text.h - puts a line together in memory that the caller brings; what has no room is cut off. */
#ifndef MLM_RUNNER_TEXT_H
#define MLM_RUNNER_TEXT_H

#include <stdint.h>

typedef struct text {
    char *bytes;
    uint32_t room, length;
} text;

text text_in(char *bytes, uint32_t room);
void text_add(text *into, const char *more);
void text_number(text *into, uint64_t number);

#endif
