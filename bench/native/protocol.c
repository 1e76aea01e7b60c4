/* protocol.c - see protocol.h. */
#define _POSIX_C_SOURCE 200809L

#include "protocol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double milliseconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

unsigned char *read_file(const char *path, size_t *bytes) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) {
        fprintf(stderr, "%s cannot be read\n", path);
        exit(1);
    }
    *bytes = (size_t)ftell(file);
    rewind(file);
    unsigned char *content = aligned_alloc(64, (*bytes / 64 + 1) * 64);
    if (!content || fread(content, 1, *bytes, file) != *bytes) {
        fprintf(stderr, "%s cannot be read\n", path);
        exit(1);
    }
    fclose(file);
    return content;
}

float *read_floats(const char *path, size_t *count) {
    size_t bytes;
    unsigned char *content = read_file(path, &bytes);
    *count = bytes / sizeof(float);
    return (float *)(void *)content;
}

void serve(void (*run)(void *context), void *context, const float *logits, size_t count) {
    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        const long runs = strtol(line, 0, 10);
        printf("{\"runs\":[");
        for (long i = 0; i < runs; i++) {
            const double cpu = milliseconds(CLOCK_PROCESS_CPUTIME_ID);
            const double wall = milliseconds(CLOCK_MONOTONIC);
            run(context);
            const double wall_ms = milliseconds(CLOCK_MONOTONIC) - wall;
            printf("%s[%.6f,%.6f]", i ? "," : "", wall_ms,
                   milliseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
        }
        printf("],\"logits\":[");
        for (size_t i = 0; i < count; i++) {
            uint32_t bits;
            memcpy(&bits, logits + i, sizeof bits);
            printf("%s%u", i ? "," : "", bits);
        }
        printf("]}\n");
        fflush(stdout);
    }
}
