/*
 * replay.c - runs the fuzzer's target over given files, without libFuzzer: the seeds and every input
 * that once found a fault, on any compiler. Prints one line `N passed, N failed`; a fault ends it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_BYTES 65536u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv) {
    static uint8_t data[MAX_BYTES];
    unsigned unreadable = 0;
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        if (!file) {
            printf("  FAIL cannot read %s\n", argv[i]);
            unreadable++;
            continue;
        }
        const size_t size = fread(data, 1, sizeof data, file);
        fclose(file);
        fprintf(stderr, "%s\n", argv[i]); /* the last one named is the one that crashed */
        LLVMFuzzerTestOneInput(data, size);
    }
    printf("%u passed, %u failed\n", (unsigned)(argc - 1) - unreadable, unreadable);
    return unreadable != 0;
}
