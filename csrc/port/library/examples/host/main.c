/* main.c - prints what the model hears or feels in the example. */
#include <stdio.h>

#include "example.h"
#include "listen.h"

static void heard(const char *label, float confidence, uint64_t inputs) {
    printf("heard %s, confidence %.6f, at input %llu\n", label, (double)confidence,
           (unsigned long long)inputs);
}

int main(void) {
    const char *wrong = listen_begin();
    if (!wrong)
        wrong = listen_to((const sensor_value *)(const void *)example_input, EXAMPLE_LENGTH, heard);
    if (wrong) puts(wrong);
    return wrong != 0;
}
