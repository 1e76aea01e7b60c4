/* write.c - text to the console, byte by byte. */
#include "port.h"
#include "runner_board.h"

void port_write(const char *text) {
    for (; *text != '\0'; text++) board_send((unsigned char)*text);
}
