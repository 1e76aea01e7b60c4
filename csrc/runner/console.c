/* console.c - see console.h. */
#include "console.h"

#include "counter.h"
#include "port.h"
#include "print.h"
#include "runner_board.h"

enum { LINE_BYTES = 80 };

/* The line's bytes up to its end; those that have no room are counted all the same. */
static uint32_t read_line(char *line) {
    uint32_t length = 0;
    for (;;) {
        const int byte = board_receive();
        if (byte == '\n') return length;
        if (byte < 0 || byte == '\r') continue;
        if (length < LINE_BYTES) line[length] = (char)byte;
        if (length <= LINE_BYTES) length++;
    }
}

void console_words(char **words, uint32_t most) {
    static char line[LINE_BYTES + 1];
    const uint32_t length = read_line(line);
    uint32_t count = 0;
    line[length > LINE_BYTES ? 0 : length] = '\0';
    for (char *next = line; *next != '\0' && count < most;) {
        while (*next == ' ') *next++ = '\0';
        if (*next != '\0') words[count++] = next;
        while (*next != '\0' && *next != ' ') next++;
        if (*next == ' ') *next++ = '\0';
    }
    while (count < most) words[count++] = 0;
}

int console_bytes(unsigned char *bytes, uint32_t count) {
    const uint32_t patience = counter_of_seconds(CONSOLE_PATIENCE_SECONDS);
    uint32_t since = port_cycles();
    for (uint32_t i = 0; i < count;) {
        const int byte = board_receive();
        if (byte >= 0) {
            bytes[i++] = (unsigned char)byte;
            since = port_cycles();
        } else if (port_cycles() - since > patience) {
            return 0;
        }
    }
    return 1;
}

void console_number(const char *name, uint64_t number) {
    port_write(name);
    print_number(number);
    port_write("\n");
}
