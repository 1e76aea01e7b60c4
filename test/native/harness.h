/*
 * harness.h - what a native test program needs: named tests, checks that say what they found, and
 * a last line `N passed, N failed`. Knows nothing of models. Included once a program.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define HARNESS_MAX_MESSAGES 20 /* a test that fails a million times says so twenty times */

static struct {
    const char *test;
    const char *only;  /* run only tests whose name contains this */
    unsigned failures; /* of the current test */
    unsigned passed, failed;
} harness;

static inline int harness_check(int ok, const char *file, int line, const char *format, ...) {
    va_list arguments;
    if (ok) return 1;
    if (harness.failures++ >= HARNESS_MAX_MESSAGES) return 0;
    printf("    %s:%d: ", file, line);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    return 0;
}

/* Checks a condition; evaluates to it, so that a test can stop where going on makes no sense. */
#define CHECK(condition) harness_check(!!(condition), __FILE__, __LINE__, "%s", #condition)

/* Checks a condition and prints the numbers behind it when it does not hold. */
#define CHECK_MESSAGE(condition, ...) harness_check(!!(condition), __FILE__, __LINE__, __VA_ARGS__)

#define CHECK_EQUAL(got, wanted)                                                         \
    harness_check((uint64_t)(got) == (uint64_t)(wanted), __FILE__, __LINE__,             \
                  "%s is %llu, not %s = %llu", #got, (unsigned long long)(got), #wanted, \
                  (unsigned long long)(wanted))

static inline void harness_run(const char *name, void (*test)(void)) {
    if (harness.only && !strstr(name, harness.only)) return;
    harness.test = name;
    harness.failures = 0;
    test();
    if (harness.failures) {
        harness.failed++;
        printf("  FAIL %s (%u checks)\n", name, harness.failures);
    } else {
        harness.passed++;
        printf("  ok   %s\n", name);
    }
    fflush(stdout);
}

#define RUN(test) harness_run(#test, test)

/* The program's last line and its exit status. */
static inline int harness_end(void) {
    printf("%u passed, %u failed\n", harness.passed, harness.failed);
    return harness.failed ? 1 : 0;
}

#endif
