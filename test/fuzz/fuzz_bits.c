/*
 * fuzz_bits.c - the libFuzzer target for the one promise that everything rests on: the same bits. A core
 * with SIMD and one in plain C, both in this program, run networks with numbers from the edge of
 * binary32, under every schedule, in any tiles and portions, and one operator at a time; every output and
 * every state must be equal, or NaN in both. Knows the public API only.
 */
#include "network_from_bytes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The functions of a core that run something; the plain core's names begin with plain_. */
#define CORE_FUNCTIONS(use)                                                                    \
    use(model_open) use(plan_buffer_count) use(plan_make) use(session_init) use(session_reset) \
        use(session_push) use(session_finish) use(session_run) use(session_feed)               \
            use(session_feed_end) use(session_step) use(session_state_bytes)                   \
                use(session_save_state) use(session_load_state)

#define DECLARE_PLAIN(name) extern __typeof__(mlm_##name) plain_mlm_##name;
CORE_FUNCTIONS(DECLARE_PLAIN)

#define MEMBER(name) __typeof__(mlm_##name) *name;
typedef struct core_api {
    const char *title;
    CORE_FUNCTIONS(MEMBER)
} core_api;

#define SIMD_FUNCTION(name) .name = mlm_##name,
#define PLAIN_FUNCTION(name) .name = plain_mlm_##name,
static const core_api cores[] = {{.title = "plain", CORE_FUNCTIONS(PLAIN_FUNCTION)},
                                 {.title = "simd", CORE_FUNCTIONS(SIMD_FUNCTION)}};
enum { PLAIN, SIMD, CORES };

/* ---- what is compared ---------------------------------------------------------------------------- */

/* A network, and what its first run made of it: all others must make the same. */
typedef struct trial {
    fuzz_network network;
    mlm_model model;
    uint32_t logits, state_bytes;
    float *wanted_logits, *wanted_state;
} trial;

/* One session of one core. */
typedef struct runner {
    const core_api *core;
    mlm_options options;
    mlm_plan plan;
    mlm_session *session;
    unsigned char *arena;
} runner;

static _Noreturn void broken(const trial *t, const runner *r, const char *what) {
    char text[2000];
    spec_describe(&t->network.spec, text, sizeof text);
    fprintf(stderr, "fuzz_bits: %s: %s core, schedule %u, tile %u, %u inputs, %s\n", what,
            r->core->title, r->options.schedule, r->options.tile, t->network.inputs, text);
    abort();
}

#define REQUIRE(t, r, condition)                    \
    do {                                            \
        if (!(condition)) broken(t, r, #condition); \
    } while (0)

/* The contract: equal bits, or both NaN. */
static int same(const float *a, const float *b, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (memcmp(&a[i], &b[i], sizeof *a) != 0 && !(isnan(a[i]) && isnan(b[i]))) return 0;
    return 1;
}

static void check_logits(const trial *t, const runner *r, const float *logits) {
    REQUIRE(t, r, same(logits, t->wanted_logits, t->logits));
}

/* A saved state begins with 16 bytes of its own, a CRC among them. */
enum { STATE_HEADER_FLOATS = 4 };

static void save_state(const trial *t, const runner *r, float *state) {
    REQUIRE(t, r, r->core->session_save_state(r->session, state, t->state_bytes) == MLM_OK);
}

static void check_state(const trial *t, const runner *r) {
    float *state = aligned_block(t->state_bytes);
    save_state(t, r, state);
    REQUIRE(t, r,
            same(state + STATE_HEADER_FLOATS, t->wanted_state + STATE_HEADER_FLOATS,
                 t->state_bytes / 4u - STATE_HEADER_FLOATS));
    free(state);
}

/* ---- ways to run a network ------------------------------------------------------------------------ */

static runner open_runner(const trial *t, const core_api *core, mlm_options options) {
    runner r = {.core = core, .options = options};
    const uint32_t count = core->plan_buffer_count(&t->model, &options);
    mlm_buffer *table = aligned_block(count * sizeof *table);
    REQUIRE(t, &r, core->plan_make(&r.plan, &t->model, &options, table, count) == MLM_OK);
    free(table);
    r.arena = aligned_block(r.plan.arena_bytes);
    memset(r.arena, 0xA5, r.plan.arena_bytes);
    REQUIRE(
        t, &r,
        core->session_init(&r.session, &t->model, &options, r.arena, r.plan.arena_bytes) == MLM_OK);
    return r;
}

static const unsigned char *input_at(const trial *t, uint32_t input) {
    return (const unsigned char *)t->network.input +
           (size_t)input * t->network.spec.input_width * 4u;
}

static void finish(const trial *t, const runner *r) {
    float *logits = aligned_block(t->logits * 4u);
    REQUIRE(t, r, r->core->session_finish(r->session, logits) == MLM_OK);
    check_logits(t, r, logits);
    check_state(t, r);
    free(logits);
}

static void run_whole(const trial *t, const runner *r) {
    float *logits = aligned_block(t->logits * 4u);
    REQUIRE(
        t, r,
        r->core->session_run(r->session, t->network.input, t->network.inputs, logits) == MLM_OK);
    check_logits(t, r, logits);
    check_state(t, r);
    free(logits);
}

static void run_portions(const trial *t, const runner *r, uint32_t portion) {
    r->core->session_reset(r->session);
    for (uint32_t done = 0; done < t->network.inputs;) {
        const uint32_t left = t->network.inputs - done, some = left < portion ? left : portion;
        REQUIRE(t, r, r->core->session_push(r->session, input_at(t, done), some) == MLM_OK);
        done += some;
    }
    finish(t, r);
}

/* Begins in one session and goes on in another one, of another core and under other options. */
static void run_moved(const trial *t, const runner *from, const runner *to, uint32_t cut) {
    float *state = aligned_block(t->state_bytes);
    from->core->session_reset(from->session);
    REQUIRE(t, from, from->core->session_push(from->session, t->network.input, cut) == MLM_OK);
    save_state(t, from, state);
    REQUIRE(t, to, to->core->session_load_state(to->session, state, t->state_bytes) == MLM_OK);
    REQUIRE(
        t, to,
        to->core->session_push(to->session, input_at(t, cut), t->network.inputs - cut) == MLM_OK);
    finish(t, to);
    free(state);
}

/* Both step until there is nothing left; what each operator made must be equal. */
static void step_both(const trial *t, const runner *a, const runner *b) {
    mlm_step left, right;
    for (;;) {
        const mlm_status status = a->core->session_step(a->session, &left);
        REQUIRE(t, b, b->core->session_step(b->session, &right) == status);
        if (status == MLM_DONE) return;
        REQUIRE(t, b, left.operator_index == right.operator_index && left.width == right.width);
        REQUIRE(t, b, left.frames == right.frames && !left.output == !right.output);
        for (uint32_t row = 0; left.output && row < left.frames; row++)
            REQUIRE(t, b,
                    same(left.output + row * left.stride, right.output + row * right.stride,
                         left.width));
    }
}

static void run_steps(const trial *t, const runner *a, const runner *b) {
    const model_spec *spec = &t->network.spec;
    const int samples = spec->input_kind == MLM_INPUT_SAMPLES;
    const uint32_t most = a->plan.tile * (samples ? spec->ops[0].hop : 1u);
    a->core->session_reset(a->session);
    b->core->session_reset(b->session);
    for (uint32_t done = 0; done < t->network.inputs;) {
        const uint32_t left = t->network.inputs - done, some = left < most ? left : most;
        REQUIRE(t, a, a->core->session_feed(a->session, input_at(t, done), some) == MLM_OK);
        REQUIRE(t, b, b->core->session_feed(b->session, input_at(t, done), some) == MLM_OK);
        step_both(t, a, b);
        done += some;
    }
    REQUIRE(t, a, a->core->session_feed_end(a->session) == MLM_OK);
    REQUIRE(t, b, b->core->session_feed_end(b->session) == MLM_OK);
    step_both(t, a, b);
    finish(t, b);
}

/* ---- one input ------------------------------------------------------------------------------------ */

/* The first run, of the plain core frame by frame, is what the others are compared with. */
static void run_first(trial *t, const runner *r) {
    const fuzz_network *network = &t->network;
    t->state_bytes = r->core->session_state_bytes(r->session);
    t->wanted_logits = aligned_block(t->logits * 4u);
    t->wanted_state = aligned_block(t->state_bytes);
    REQUIRE(t, r,
            r->core->session_run(r->session, network->input, network->inputs, t->wanted_logits) ==
                MLM_OK);
    save_state(t, r, t->wanted_state);
}

enum { MOST_TILE = 6, LAYOUTS = 4 };

static void run_all_ways(trial *t, byte_reader *bytes) {
    const uint32_t frames = t->network.frames, inputs = t->network.inputs;
    const mlm_options layouts[LAYOUTS] = {
        {MLM_SCHEDULE_STREAM, 1, 0},
        {MLM_SCHEDULE_STREAM, read_between(bytes, 2, MOST_TILE), 0},
        {MLM_SCHEDULE_LAYER, 0, frames},
        {MLM_SCHEDULE_UNFUSED, 0, frames},
    };
    const uint32_t i = read_between(bytes, 0, LAYOUTS - 1), next = (i + 1) % LAYOUTS;
    const uint32_t portion = read_between(bytes, 1, inputs < 255u ? inputs : 255u);
    const uint32_t cut = read_byte(bytes) * inputs / 255u;
    const runner first = open_runner(t, &cores[PLAIN], layouts[0]);
    run_first(t, &first);
    const runner runners[] = {open_runner(t, &cores[PLAIN], layouts[i]),
                              open_runner(t, &cores[SIMD], layouts[i]),
                              open_runner(t, &cores[SIMD], layouts[next])};
    for (uint32_t r = 0; r < 3; r++) {
        run_whole(t, &runners[r]);
        run_portions(t, &runners[r], portion);
        run_moved(t, &runners[r], &runners[(r + 1) % 3], cut);
    }
    run_steps(t, &runners[0], &runners[1]);
    for (uint32_t r = 0; r < 3; r++) free(runners[r].arena);
    free(first.arena);
    free(t->wanted_logits);
    free(t->wanted_state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    byte_reader bytes = {data, data + size};
    trial t;
    network_from_bytes(&t.network, &bytes);
    for (uint32_t c = 0; c < CORES; c++) {
        const runner r = {.core = &cores[c]};
        REQUIRE(&t, &r,
                r.core->model_open(&t.model, t.network.b.bytes, t.network.b.size, NULL) == MLM_OK);
    }
    t.logits = mlm_header(&t.model)->logits;
    run_all_ways(&t, &bytes);
    network_free(&t.network);
    return 0;
}
