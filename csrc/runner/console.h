/*
 * console.h - lines and bytes of the serial line. Knows no commands.
 */
#ifndef MLM_RUNNER_CONSOLE_H
#define MLM_RUNNER_CONSOLE_H

#include <stdint.h>

/* Waits for a line and cuts it into words at spaces: words[0 .. most - 1], null behind the last. There are none in a line
 * that is longer than a command can be. */
void console_words(char **words, uint32_t most);

/* Waits for `count` bytes; 0 when none came for CONSOLE_PATIENCE_SECONDS. */
#define CONSOLE_PATIENCE_SECONDS 5u
int console_bytes(unsigned char *bytes, uint32_t count);

/* A name, numbers behind it, and the end of the line. */
void console_number(const char *name, uint64_t number);

#endif
