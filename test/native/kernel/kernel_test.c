/*
 * kernel_test.c - see kernel_test.h. Sizes, lengths, portions and numbers are many and small; a failing
 * case says all that is needed to find it.
 */
#include "kernel_test.h"

#include "core/classes.h"
#include "drive.h"
#include "hostile.h"

enum { MOST_ROWS = 9, MOST_FAULTS = 5, SEED = 20240607 };
static const uint32_t sizes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 33};
static const kernel_spec *const groups[] = {element_specs, layer_specs, time_specs, pool_specs,
                                            special_specs};

enum { FEW = 100 /* special cases: all of them are tried, however slow the machine */ };

static struct {
    void (*print)(const char *text);
    const mlm_op_class *class;
    uint32_t cases, faults;
} now;

static void print_number(uint32_t n, uint32_t base) {
    char digits[12], *next = digits + sizeof digits;
    *--next = 0;
    do *--next = "0123456789abcdef"[n % base];
    while ((n /= base) > 0);
    now.print(next);
}

static void print_field(const char *name, uint32_t n) {
    now.print(name);
    print_number(n, 10);
}

static void print_case(const kernel_case *c, const drive_options *options) {
    now.print("    ");
    now.print(now.class->name);
    print_field(" variant ", c->op.variant);
    print_field(", size ", c->size);
    print_field(", rows ", c->length);
    print_field(", turn ", c->turn);
    print_field(", portions ", options->portions);
    print_field(", end known ", (uint32_t)options->knows_end);
    print_field(", in place ", (uint32_t)options->in_place);
    print_field(", odd ", (uint32_t)c->is_odd);
    now.print(", attributes");
    for (uint32_t i = 0; i < MLM_ATTRIBUTES; i++) print_field(" ", c->op.attributes[i]);
    now.print(": ");
}

static int same(float x, float y) { return f32_bits(x) == f32_bits(y) || (x != x && y != y); }

/* The first element that differs; `count` when there is none. */
static uint32_t first_difference(const float *x, const float *y, uint32_t count) {
    uint32_t i = 0;
    while (i < count && same(x[i], y[i])) i++;
    return i;
}

static void compare(kernel_case *c, const drive_options *options, const float *wanted) {
    static float got[CASE_OUTPUT_FLOATS];
    const uint32_t count = c->out_rows * c->op.width;
    const char *fault = drive(c, now.class, options, got);
    const uint32_t differs = fault ? 0 : first_difference(got, wanted, count);
    now.cases++;
    if (!fault && differs == count) return;
    if (now.faults++ >= MOST_FAULTS) return;
    print_case(c, options);
    if (fault) {
        now.print(fault);
    } else {
        print_field("element ", differs);
        now.print(" is ");
        print_number(f32_bits(got[differs]), 16);
        now.print(", not ");
        print_number(f32_bits(wanted[differs]), 16);
    }
    now.print("\n");
}

/* The specification of a kind. */
static const kernel_spec *plain_spec(uint32_t kind) {
    for (uint32_t g = 0; g < sizeof groups / sizeof *groups; g++)
        for (const kernel_spec *spec = groups[g]; spec->kind; spec++)
            if (spec->kind == kind && spec->loop) return spec;
    return 0;
}

/* Every way of running one case, which must all give what the loop gives. */
static void try_case(const kernel_spec *spec, kernel_case *c, uint32_t variant) {
    static float wanted[CASE_OUTPUT_FLOATS];
    case_begin(c, spec->kind, variant);
    if (!spec->make(c)) return;
    case_pack(c);
    (spec->loop ? spec : plain_spec(spec->kind))->loop(c, wanted);
    for (uint32_t portions = 0; portions < PORTIONS; portions++) {
        drive_options options = {.portions = portions};
        options.knows_end = (int)case_below(c, 2);
        options.in_place = (int)case_below(c, 2);
        options.is_unaligned = (int)case_below(c, 2);
        options.stepping = (int)case_below(c, 2);
        options.schedule = case_below(c, 2) ? MLM_SCHEDULE_STREAM : MLM_SCHEDULE_UNFUSED;
        compare(c, &options, wanted);
    }
}

static void try_sizes(const kernel_spec *spec) {
    kernel_case c = {.random = {SEED + spec->kind}};
    uint32_t turn = 0;
    for (uint32_t variant = 0; variant < now.class->variants; variant++)
        for (uint32_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            for (uint32_t rows = 1; rows <= MOST_ROWS; rows++)
                for (int is_odd = 0; is_odd < 2; is_odd++) {
                    if (turn++ % KERNEL_TEST_SIZES_EVERY) continue;
                    c.size = sizes[i];
                    c.length = rows;
                    c.is_odd = is_odd;
                    try_case(spec, &c, variant);
                }
    const char *fault = try_hostile(spec, now.class);
    if (fault) {
        now.faults++;
        now.print("    check: ");
        now.print(fault);
        now.print("\n");
    }
}

static void try_turns(const kernel_spec *spec) {
    kernel_case c = {.random = {SEED + spec->kind}};
    const uint32_t every = spec->turns < FEW ? 1 : KERNEL_TEST_EVERY;
    for (uint32_t variant = 0; variant < now.class->variants; variant++)
        for (c.turn = 0; c.turn < spec->turns; c.turn += every) try_case(spec, &c, variant);
}

static void try_spec(const kernel_spec *spec) {
    now.cases = now.faults = 0;
    if (spec->turns)
        try_turns(spec);
    else
        try_sizes(spec);
    now.print(now.faults ? "  FAIL " : "  ok   ");
    now.print(now.class->name);
    if (spec->turns) now.print(", special");
    print_field(" (", now.cases);
    print_field(" cases, ", now.faults);
    now.print(" wrong)\n");
}

int kernel_test(void (*print)(const char *text)) {
    uint32_t passed = 0, failed = 0;
    now.print = print;
    for (uint32_t g = 0; g < sizeof groups / sizeof *groups; g++)
        for (const kernel_spec *spec = groups[g]; spec->kind; spec++) {
            now.class = mlm_class_of_kind(spec->kind);
            if (!now.class) continue; /* a build with fewer ops */
            try_spec(spec);
            if (now.faults)
                failed++;
            else
                passed++;
        }
    print_number(passed, 10);
    print_field(" passed, ", failed);
    print(" failed\n");
    return (int)failed;
}
