/*
 * fuzz_bits.c - the libFuzzer target for the one promise that everything rests on: the same bits. A core
 * with SIMD and one in plain C, both in this program, run networks with numbers from the edge of
 * binary32, under every schedule, in any tiles and portions, and one operator at a time; every output and
 * every state must be equal, or NaN in both. Knows the public API only.
 */
#include "blob_builder.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether the networks have integers among their floats; see fuzz_integers.c. */
#ifndef FUZZ_INTEGERS
#define FUZZ_INTEGERS 0
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The functions of a core that run something; the plain core's names begin with plain_. */
#define CORE_FUNCTIONS(use)                                                                 \
    use(model_open) use(arena_bytes) use(session_init) use(session_reset) use(session_push) \
        use(session_finish) use(session_run) use(session_receive) use(session_feed)         \
            use(session_feed_end) use(session_step) use(session_state_bytes)                \
                use(session_save_state) use(session_load_state) use(session_saturations)

#define DECLARE_PLAIN(name) extern __typeof__(mlm_##name) plain_mlm_##name;
CORE_FUNCTIONS(DECLARE_PLAIN)

#define MEMBER(name) __typeof__(mlm_##name) *name;
typedef struct core {
    const char *title;
    CORE_FUNCTIONS(MEMBER)
} core_functions;

#define SIMD_FUNCTION(name) .name = mlm_##name,
#define PLAIN_FUNCTION(name) .name = plain_mlm_##name,
static const core_functions cores[] = {{.title = "plain", CORE_FUNCTIONS(PLAIN_FUNCTION)},
                                       {.title = "simd", CORE_FUNCTIONS(SIMD_FUNCTION)}};
enum { PLAIN, SIMD, CORES };

/* ---- what is compared ---------------------------------------------------------------------------- */

/* A network with an input, and what its first run made of it: all others must make the same. */
typedef struct trial {
    network *net;
    blob b;
    mlm_model model;
    mlm_model_info info;
    uint32_t frames, inputs;
    void *input;
    uint32_t floats, state_bytes;
    float *wanted, *wanted_state;
} trial;

/* One session of one core, and where its outputs go: vectors, then sequences. */
typedef struct runner {
    const core_functions *core;
    mlm_options options;
    mlm_session *session;
    unsigned char *arena;
    float *results;
} runner;

static _Noreturn void broken(const trial *t, const runner *r, const char *what) {
    static char text[16000];
    network_describe(t->net, text, sizeof text);
    fprintf(stderr, "fuzz_bits: %s: %s core, schedule %u, tile %u, %u inputs, %s\n", what,
            r->core ? r->core->title : "no", r->options.schedule, r->options.tile, t->inputs, text);
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

/* A saved state begins with 16 bytes of its own, a CRC among them. */
enum { STATE_HEADER_FLOATS = 4 };

static void save_state(const trial *t, const runner *r, float *state) {
    REQUIRE(t, r, r->core->session_save_state(r->session, state, t->state_bytes) == MLM_OK);
}

/* Where the state of a session that has seen everything may still be looked at. */
static void check_state(const trial *t, const runner *r) {
    float *state = aligned_block(t->state_bytes);
    save_state(t, r, state);
    REQUIRE(t, r,
            same(state + STATE_HEADER_FLOATS, t->wanted_state + STATE_HEADER_FLOATS,
                 t->state_bytes / 4u - STATE_HEADER_FLOATS));
    free(state);
}

/* ---- sessions ------------------------------------------------------------------------------------- */

static runner open_runner(const trial *t, const core_functions *core, mlm_options options) {
    runner r = {.core = core, .options = options};
    uint32_t bytes = 0;
    REQUIRE(t, &r, core->arena_bytes(&t->model, &options, &bytes) == MLM_OK);
    r.arena = aligned_block(bytes);
    r.results = aligned_block((t->floats + 1u) * sizeof(float));
    memset(r.arena, 0xA5, bytes);
    REQUIRE(t, &r, core->session_init(&r.session, &t->model, &options, r.arena, bytes) == MLM_OK);
    return r;
}

static void close_runner(runner *r) {
    free(r->arena);
    free(r->results);
}

/* Sequences are received behind the vectors; what `done` inputs have made is there already. */
static void receive(const trial *t, const runner *r, float *results, uint32_t done) {
    for (int is_sequence = 0; is_sequence < 2; is_sequence++)
        for (uint32_t i = 0; i < t->net->output_count; i++) {
            const net_op *op = &t->net->ops[t->net->outputs[i] - 1u];
            if ((op->clock != MLM_NO_CLOCK) != is_sequence) continue;
            const uint32_t rows = is_sequence ? net_total_rows(t->net, op->clock, t->frames) : 1;
            const uint32_t frames = net_frames_of(t->net, done);
            const uint32_t made =
                is_sequence && op->stage == 0 ? net_rows_after(t->net, op->clock, frames) : 0;
            if (is_sequence)
                REQUIRE(t, r,
                        r->core->session_receive(r->session, i, results + (size_t)made * op->width,
                                                 rows - made) == MLM_OK);
            results += (size_t)rows * op->width;
        }
}

static void begin(const trial *t, const runner *r) {
    memset(r->results, 0x5A, t->floats * sizeof(float));
    r->core->session_reset(r->session);
    receive(t, r, r->results, 0);
}

static const void *input_at(const trial *t, uint32_t input) {
    return (const unsigned char *)t->input + (size_t)input * net_input_bytes(t->net);
}

static void check_results(const trial *t, const runner *r, const float *results) {
    REQUIRE(t, r, same(results, t->wanted, t->floats));
}

/* ---- ways to run a network ------------------------------------------------------------------------ */

static void run_whole(const trial *t, const runner *r) {
    begin(t, r);
    REQUIRE(t, r, r->core->session_run(r->session, t->input, t->inputs, r->results) == MLM_OK);
    check_results(t, r, r->results);
}

static void run_portions(const trial *t, const runner *r, uint32_t portion) {
    begin(t, r);
    for (uint32_t done = 0; done < t->inputs;) {
        const uint32_t left = t->inputs - done, some = left < portion ? left : portion;
        REQUIRE(t, r, r->core->session_push(r->session, input_at(t, done), some) == MLM_OK);
        done += some;
    }
    check_state(t, r);
    REQUIRE(t, r, r->core->session_finish(r->session, r->results) == MLM_OK);
    check_results(t, r, r->results);
}

/* Begins in one session and goes on in another one, of another core and under other options. */
static void run_moved(const trial *t, const runner *from, const runner *to, uint32_t cut) {
    float *state = aligned_block(t->state_bytes);
    begin(t, from);
    REQUIRE(t, from, from->core->session_push(from->session, t->input, cut) == MLM_OK);
    save_state(t, from, state);
    REQUIRE(t, to, to->core->session_load_state(to->session, state, t->state_bytes) == MLM_OK);
    receive(t, to, from->results, cut);
    REQUIRE(t, to,
            to->core->session_push(to->session, input_at(t, cut), t->inputs - cut) == MLM_OK);
    check_state(t, to);
    REQUIRE(t, to, to->core->session_finish(to->session, from->results) == MLM_OK);
    check_results(t, to, from->results);
    free(state);
}

/* A row that a step has made; of integers all bits count. */
static int same_row(const mlm_step *a, const mlm_step *b, uint32_t row) {
    const size_t element = a->type == MLM_DTYPE_I16 ? sizeof(int16_t) : sizeof(float);
    const void *left = (const unsigned char *)a->output + row * a->stride * element;
    const void *right = (const unsigned char *)b->output + row * b->stride * element;
    if (a->type == MLM_DTYPE_F32) return same(left, right, a->width);
    return memcmp(left, right, a->width * element) == 0;
}

/* Both step until there is nothing left; what each operator made must be equal. */
static void step_both(const trial *t, const runner *a, const runner *b) {
    mlm_step left, right;
    for (;;) {
        const mlm_status status = a->core->session_step(a->session, &left);
        REQUIRE(t, b, b->core->session_step(b->session, &right) == status);
        if (status == MLM_DONE) return;
        REQUIRE(t, b, left.operator_index == right.operator_index && left.width == right.width);
        REQUIRE(t, b, left.rows == right.rows && left.first_row == right.first_row);
        REQUIRE(t, b, !left.output == !right.output);
        REQUIRE(t, b, left.type == right.type && left.exponent == right.exponent);
        for (uint32_t row = 0; left.output && row < left.rows; row++)
            REQUIRE(t, b, same_row(&left, &right, row));
    }
}

static void run_steps(const trial *t, const runner *a, const runner *b, uint32_t tile) {
    const uint64_t most = (uint64_t)tile * net_inputs_per_frame(t->net);
    begin(t, a);
    begin(t, b);
    for (uint32_t done = 0; done < t->inputs;) {
        const uint32_t left = t->inputs - done, some = left < most ? left : (uint32_t)most;
        REQUIRE(t, a, a->core->session_feed(a->session, input_at(t, done), some) == MLM_OK);
        REQUIRE(t, b, b->core->session_feed(b->session, input_at(t, done), some) == MLM_OK);
        step_both(t, a, b);
        done += some;
    }
    REQUIRE(t, a, a->core->session_feed_end(a->session) == MLM_OK);
    REQUIRE(t, b, b->core->session_feed_end(b->session) == MLM_OK);
    step_both(t, a, b);
}

/* ---- one input ------------------------------------------------------------------------------------ */

static float number_from(choices *from) {
    static const uint32_t odd[] = {0x7FC00000u, 0x7F800000u, 0xFF800000u, 0x80000000u, 0x00000001u,
                                   0x80012345u, 0x007FFFFFu, 0x7F7FFFFFu, 0xFF7FFFFFu, 0x00800000u,
                                   0x42D20000u, 0xC2B00000u, 0x7E967699u, 0x0C800000u};
    const uint32_t which = choose(from, 256);
    if (which < sizeof odd / sizeof *odd) return f32_from_bits(odd[which]);
    return ((float)which - 128.0f) / 32.0f;
}

/* As many bytes as there are make numbers; the others come from a generator. */
static void make_input(trial *t, choices *from) {
    rng random = {choose(from, 256)};
    t->input = network_random_input(t->net, &random, t->inputs);
    const uint32_t count = t->inputs * t->net->input_width, kind = t->net->input_kind;
    for (uint32_t i = 0; kind != MLM_INPUT_TOKENS && i < count; i++) {
        if (from->next == from->end || !choose(from, 2)) continue;
        if (kind == MLM_INPUT_SAMPLES16)
            ((int16_t *)t->input)[i] = (int16_t)(choose(from, 256) * 0x0101u);
        else
            ((float *)t->input)[i] = number_from(from);
    }
}

/* The first run, of the plain core frame by frame, is what the others are compared with. */
static void run_first(trial *t, runner *r) {
    t->state_bytes = r->core->session_state_bytes(r->session);
    t->wanted_state = aligned_block(t->state_bytes);
    begin(t, r);
    REQUIRE(t, r, r->core->session_push(r->session, t->input, t->inputs) == MLM_OK);
    save_state(t, r, t->wanted_state);
    REQUIRE(t, r, r->core->session_finish(r->session, r->results) == MLM_OK);
    t->wanted = r->results;
}

enum { MOST_TILE = 6, LAYOUTS = 4 };

static void run_all_ways(trial *t, choices *from) {
    const uint32_t frames = t->frames, bound = t->info.needs_max_frames ? frames : 0;
    const mlm_options layouts[LAYOUTS] = {{MLM_SCHEDULE_STREAM, 1, bound},
                                          {MLM_SCHEDULE_STREAM, 2 + choose(from, 5), bound},
                                          {MLM_SCHEDULE_LAYER, 0, frames},
                                          {MLM_SCHEDULE_UNFUSED, 0, frames}};
    const uint32_t i = choose(from, LAYOUTS), next = (i + 1) % LAYOUTS;
    const uint32_t portion = 1 + choose(from, 255);
    const uint32_t cut = (uint32_t)((uint64_t)choose(from, 256) * t->inputs / 255u);
    runner first = open_runner(t, &cores[PLAIN], layouts[0]);
    run_first(t, &first);
    runner runners[] = {open_runner(t, &cores[PLAIN], layouts[i]),
                        open_runner(t, &cores[SIMD], layouts[i]),
                        open_runner(t, &cores[SIMD], layouts[next])};
    for (uint32_t r = 0; r < 3; r++) {
        run_whole(t, &runners[r]);
        run_portions(t, &runners[r], portion);
        run_moved(t, &runners[r], &runners[(r + 1) % 3], cut);
    }
    run_steps(t, &runners[0], &runners[1], layouts[i].tile ? layouts[i].tile : frames);
    for (uint32_t r = 0; r < 3; r++) close_runner(&runners[r]);
    close_runner(&first);
    free(t->wanted_state);
}

static uint32_t all_floats(const trial *t) {
    uint32_t floats = 0;
    for (uint32_t i = 0; i < t->net->output_count; i++) {
        const uint32_t clock = net_clock_of(t->net, t->net->outputs[i]);
        const uint32_t rows = clock == MLM_NO_CLOCK ? 1 : net_total_rows(t->net, clock, t->frames);
        floats += rows * net_width(t->net, t->net->outputs[i]);
    }
    return floats;
}

/* A network that the core refuses has branches that it cannot align, or too many values alive at once. */
static int open_model(trial *t) {
    mlm_fault fault = {0, 0, 0};
    const mlm_status status = mlm_model_open(&t->model, t->b.bytes, t->b.size, &fault);
    const runner none = {0};
    REQUIRE(t, &none, plain_mlm_model_open(&t->model, t->b.bytes, t->b.size, NULL) == status);
    if (status == MLM_ERR_OP && (fault.have == ALIGN || fault.needed > 0)) return 0;
    REQUIRE(t, &none, status == MLM_OK);
    mlm_model_get_info(&t->model, &t->info);
    return 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const net_limits limits = {16, 24, FUZZ_INTEGERS};
    choices from = choices_of_bytes(data, size);
    trial t = {.net = network_random(&from, &limits)};
    const uint32_t least = t.net->min_frames;
    t.net->self_test_inputs = 0;
    t.b = blob_build(t.net);
    if (open_model(&t)) {
        t.frames = least + choose(&from, (t.net->max_frames ? t.net->max_frames - least : 12) + 1);
        t.inputs = net_inputs_of(t.net, t.frames);
        if (net_takes_samples(t.net)) t.inputs += choose(&from, net_inputs_per_frame(t.net));
        t.floats = all_floats(&t);
        make_input(&t, &from);
        run_all_ways(&t, &from);
        free(t.input);
    }
    blob_free(&t.b);
    network_free(t.net);
    return 0;
}
