/*
 * runner.c - firmware for a board whose model is put behind it in flash (docs/runner.md): says what it has and how fast
 * it is, then does what comes over the serial line. Knows no board.
 */
#include "commands.h"
#include "console.h"
#include "counter.h"
#include "port.h"

static loaded model;

/* Null, or why there is no model. */
static const char *load(void) {
    const char *const wrong =
        payload_read(&model.from, (const unsigned char *)RUNNER_PAYLOAD, RUNNER_PAYLOAD_BYTES);
    return wrong ? wrong : loaded_open(&model);
}

int port_main(void) {
    counter_find();
    const char *const wrong = load();
    command_start(&model, wrong);
    for (;;) {
        char *words[COMMAND_WORDS];
        console_words(words, COMMAND_WORDS);
        command_obey(&model, wrong, words);
    }
}
