/*
 * plan_test.c - what a plan promises, over random networks and options: places, lifetimes, sums, and the
 * exact counts of work. Knows nothing of how a session uses the arena.
 */
#include "harness.h"
#include "rig.h"

#include <stdlib.h>
#include <time.h>

static const net_limits limits = {30, 40, 0};

static mlm_options random_options(world *w) {
    const uint32_t most = w->net->max_frames ? w->net->max_frames : 120;
    const uint32_t frames = rng_once_in(&w->random, 4) ? 1u : rng_between(&w->random, 1, most);
    switch (rng_below(&w->random, 3)) {
        case 0:
            return stream_of(w, rng_once_in(&w->random, 3) ? 1u : rng_between(&w->random, 1, 40),
                             frames);
        case 1: return layer_of(frames);
        default: return unfused_of(frames);
    }
}

/* ---- a plan --------------------------------------------------------------------------------------- */

static int overlap(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size) {
    return a < b + b_size && b < a + a_size;
}

static void check_pair(const mlm_buffer *a, const mlm_buffer *b) {
    if (!overlap(a->offset, a->bytes, b->offset, b->bytes)) return;
    CHECK_MESSAGE(a->kind == MLM_BUFFER_SCRATCH && b->kind == MLM_BUFFER_SCRATCH,
                  "a buffer of kind %u or %u shares its bytes", a->kind, b->kind);
    CHECK_MESSAGE(a->last < b->first || b->last < a->first,
                  "%s of op %u (operators %u..%u) and %s of op %u (%u..%u) share bytes while alive",
                  a->role, a->op, a->first, a->last, b->role, b->op, b->first, b->last);
}

/* First operator of an op, and last one. */
static uint32_t edge_operator(const world *w, uint32_t schedule, uint32_t op, int is_last) {
    const uint32_t count = mlm_operator_count(&w->model, schedule);
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++) {
        mlm_operator_info info;
        must(mlm_operator_get_info(&w->model, schedule, i, &info), "operator");
        if (info.op != op) continue;
        if (!is_last) return i;
        found = i;
    }
    return found;
}

static int reads(const net_op *op, uint32_t value) {
    for (uint32_t i = 0; i < MLM_MAX_INPUTS; i++)
        if (op->inputs[i] == value) return 1;
    return 0;
}

/* Whether a value is read in a later stage than its own. */
static int is_kept(const network *net, uint32_t value) {
    if (net_clock_of(net, value) == MLM_NO_CLOCK) return 0;
    for (uint32_t i = value; i < net->op_count; i++)
        if (reads(&net->ops[i], value) && net->ops[i].stage > net->ops[value - 1].stage) return 1;
    return 0;
}

/* An output lives at least until its last reader in the op list. */
static void check_output(const world *w, uint32_t schedule, const mlm_buffer *b) {
    const network *net = w->net;
    uint32_t last = b->op;
    for (uint32_t i = b->op + 1u; i < net->op_count; i++)
        if (reads(&net->ops[i], b->op + 1u)) last = i;
    CHECK(b->first <= edge_operator(w, schedule, b->op, 0));
    CHECK(b->last >= edge_operator(w, schedule, last, 1));
    CHECK_EQUAL(b->whole, is_kept(net, b->op + 1u));
}

static void check_buffers(const world *w, const mlm_options *options, const mlm_plan *plan,
                          const mlm_buffer *table) {
    const uint32_t operators = mlm_operator_count(&w->model, options->schedule);
    uint64_t state = 0, io = 0, whole = 0, end = 0;
    for (uint32_t i = 0; i < plan->buffer_count; i++) {
        const mlm_buffer *b = &table[i];
        CHECK(b->offset % MLM_ALIGNMENT == 0);
        CHECK(b->bytes % MLM_ALIGNMENT == 0 && b->bytes > 0);
        CHECK((uint64_t)b->offset + b->bytes <= plan->arena_bytes);
        CHECK(b->first <= b->last && b->last < operators);
        CHECK(b->op < w->net->op_count && b->role[0] != '\0' && b->kind <= MLM_BUFFER_IO);
        if (b->kind == MLM_BUFFER_STATE) {
            CHECK(b->first == 0 && b->last == operators - 1u);
            state += b->bytes;
        }
        if (b->kind == MLM_BUFFER_IO) io += b->bytes;
        if (b->whole) whole += b->bytes;
        if (!strcmp(b->role, "output")) check_output(w, options->schedule, b);
        if ((uint64_t)b->offset + b->bytes > end) end = (uint64_t)b->offset + b->bytes;
        for (uint32_t k = 0; k < i; k++) check_pair(b, &table[k]);
    }
    CHECK_EQUAL(end, plan->arena_bytes);
    CHECK_EQUAL(plan->state_bytes, state);
    CHECK_EQUAL(plan->io_bytes, io);
    CHECK_EQUAL(plan->whole_bytes, whole);
    CHECK_EQUAL(plan->session_bytes, table[0].bytes);
    CHECK(!strcmp(table[0].role, "session") && table[0].offset == 0);
}

static uint64_t most_alive(uint32_t operators, const mlm_plan *plan, const mlm_buffer *table) {
    uint64_t most = 0;
    for (uint32_t at = 0; at < operators; at++) {
        uint64_t alive = 0;
        for (uint32_t i = 0; i < plan->buffer_count; i++)
            if (table[i].first <= at && at <= table[i].last) alive += table[i].bytes;
        if (alive > most) most = alive;
    }
    return most;
}

static void check_plan(const world *w, const mlm_options *options, const mlm_plan *plan,
                       const mlm_buffer *table) {
    uint32_t bytes = 0, vectors = 0;
    check_buffers(w, options, plan, table);
    CHECK_EQUAL(plan->arena_bytes,
                (uint64_t)plan->state_bytes + plan->scratch_bytes + plan->io_bytes);
    CHECK_EQUAL(plan->minimum_bytes,
                most_alive(mlm_operator_count(&w->model, options->schedule), plan, table));
    CHECK(plan->minimum_bytes <= plan->arena_bytes);
    CHECK_EQUAL(plan->tile,
                options->schedule == MLM_SCHEDULE_STREAM ? options->tile : options->max_frames);
    CHECK_EQUAL(plan->input_bytes,
                plan->tile * net_inputs_per_frame(w->net) * w->net->input_width * 4u);
    for (uint32_t i = 0; i < w->net->output_count; i++)
        if (net_clock_of(w->net, w->net->outputs[i]) == MLM_NO_CLOCK)
            vectors += net_width(w->net, w->net->outputs[i]) * 4u;
    CHECK_EQUAL(plan->output_bytes, vectors);
    CHECK(mlm_arena_bytes(&w->model, options, &bytes) == MLM_OK);
    CHECK_EQUAL(bytes, plan->arena_bytes);
}

static void random_plans_keep_their_promises(void) {
    uint64_t arenas = 0, minima = 0;
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        world w;
        mlm_plan plan, again, untouched;
        const unsigned failures = harness.failures;
        if (!world_random(&w, seed * 21u, &limits)) continue;
        const mlm_options options = random_options(&w);
        const uint32_t count = mlm_plan_buffer_count(&w.model, &options);
        CHECK(count > 0);
        mlm_buffer *table = malloc(count * sizeof *table), *second = malloc(count * sizeof *second);
        if (!table || !second) exit(2);

        memset(&plan, 0x5A, sizeof plan);
        memset(table, 0x5A, count * sizeof *table);
        memcpy(second, table, count * sizeof *table);
        untouched = plan;
        CHECK(mlm_plan_make(&plan, &w.model, &options, table, count - 1u) == MLM_ERR_CAPACITY);
        CHECK(mlm_plan_make(&plan, &w.model, &options, table, 0) == MLM_ERR_CAPACITY);
        CHECK(!memcmp(&plan, &untouched, sizeof plan));
        CHECK(!memcmp(table, second, count * sizeof *table));

        CHECK(mlm_plan_make(&plan, &w.model, &options, table, count) == MLM_OK);
        CHECK_EQUAL(plan.buffer_count, count);
        check_plan(&w, &options, &plan, table);
        CHECK(mlm_plan_make(&again, &w.model, &options, second, count) == MLM_OK);
        CHECK(!memcmp(&plan, &again, sizeof plan) && !memcmp(table, second, count * sizeof *table));
        arenas += plan.arena_bytes;
        minima += plan.minimum_bytes;
        if (harness.failures != failures) {
            printf("    schedule %u, tile %u\n", options.schedule, options.tile);
            world_explain(&w, "plan", options.max_frames);
        }
        free(table), free(second);
        world_close(&w);
        if (harness.failures > 20) return;
    }
    printf("    arenas are %.2f %% above their minima\n",
           100.0 * (double)(arenas - minima) / (double)minima);
}

/* ---- options -------------------------------------------------------------------------------------- */

static void check_refused(const world *w, const mlm_options *options) {
    static _Alignas(16) unsigned char arena[65536], before[65536];
    mlm_buffer table[64];
    mlm_plan plan;
    mlm_session *session = NULL;
    mlm_counts counts;
    uint32_t bytes = 77;
    memset(arena, 0x77, sizeof arena);
    memcpy(before, arena, sizeof arena);
    CHECK_EQUAL(mlm_plan_buffer_count(&w->model, options), 0);
    CHECK(mlm_plan_make(&plan, &w->model, options, table, 64) == MLM_ERR_ARGUMENT);
    CHECK(mlm_session_init(&session, &w->model, options, arena, sizeof arena) == MLM_ERR_ARGUMENT);
    CHECK(mlm_operator_counts(&w->model, options, 1, 0, &counts) == MLM_ERR_ARGUMENT);
    CHECK(mlm_arena_bytes(&w->model, options, &bytes) == MLM_ERR_ARGUMENT && bytes == 77);
    CHECK(session == NULL && !memcmp(arena, before, sizeof arena));
}

static void options_that_are_not_permitted(void) {
    static const mlm_options bad[] = {{MLM_SCHEDULE_STREAM, 0, 0},
                                      {MLM_SCHEDULE_STREAM, 1, 1},
                                      {MLM_SCHEDULE_LAYER, 0, 0},
                                      {MLM_SCHEDULE_LAYER, 1, 5},
                                      {MLM_SCHEDULE_UNFUSED, 0, 0},
                                      {MLM_SCHEDULE_UNFUSED, 2, 5},
                                      {3, 1, 0},
                                      {3, 0, 1},
                                      {0xFFFFFFFFu, 1, 0}};
    const mlm_options good = {MLM_SCHEDULE_STREAM, 1, 0}, bounded = {MLM_SCHEDULE_STREAM, 1, 9};
    const mlm_options ten = {MLM_SCHEDULE_LAYER, 0, 10};
    mlm_buffer table[64];
    mlm_plan plan;
    mlm_counts counts;
    world w;
    if (!CHECK(world_open(&w, network_paper(3, 6, 4)))) return;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) check_refused(&w, &bad[i]);
    CHECK_EQUAL(mlm_plan_buffer_count(&w.model, NULL), 0);
    CHECK_EQUAL(mlm_plan_buffer_count(NULL, &good), 0);
    CHECK(mlm_plan_make(NULL, &w.model, &good, table, 64) == MLM_ERR_ARGUMENT);
    CHECK(mlm_plan_make(&plan, NULL, &good, table, 64) == MLM_ERR_ARGUMENT);
    CHECK(mlm_plan_make(&plan, &w.model, NULL, table, 64) == MLM_ERR_ARGUMENT);
    CHECK(mlm_plan_make(&plan, &w.model, &good, NULL, 64) == MLM_ERR_ARGUMENT);
    CHECK(mlm_operator_counts(&w.model, &good, 1, 0, NULL) == MLM_ERR_ARGUMENT);
    CHECK(mlm_operator_counts(NULL, &good, 1, 0, &counts) == MLM_ERR_ARGUMENT);
    CHECK(mlm_operator_counts(&w.model, NULL, 1, 0, &counts) == MLM_ERR_ARGUMENT);
    CHECK(mlm_operator_counts(&w.model, &good, 0, 0, &counts) == MLM_ERR_FRAMES);
    CHECK(mlm_operator_counts(&w.model, &ten, 11, 0, &counts) == MLM_ERR_FRAMES);
    CHECK(mlm_operator_counts(&w.model, &ten, 10, 0, &counts) == MLM_OK);
    CHECK(mlm_operator_counts(&w.model, &good, 1, mlm_operator_count(&w.model, MLM_SCHEDULE_STREAM),
                              &counts) == MLM_ERR_ARGUMENT);
    world_close(&w);
    if (!CHECK(world_open(&w, network_backwards()))) return;
    check_refused(&w, &good); /* wants max_frames */
    CHECK(mlm_plan_buffer_count(&w.model, &bounded) > 0);
    world_close(&w);
}

/* ---- sizes ---------------------------------------------------------------------------------------- */

static void arenas_over_4_gib(void) {
    static const mlm_options options[] = {{MLM_SCHEDULE_STREAM, 0xFFFFFFFFu, 0},
                                          {MLM_SCHEDULE_STREAM, 0x10000000u, 0},
                                          {MLM_SCHEDULE_LAYER, 0, 0xFFFFFFFFu},
                                          {MLM_SCHEDULE_LAYER, 0, 0x20000001u},
                                          /* the input is small enough, the activations are not */
                                          {MLM_SCHEDULE_LAYER, 0, 0x00900000u},
                                          {MLM_SCHEDULE_STREAM, 0x00900000u, 0},
                                          {MLM_SCHEDULE_UNFUSED, 0, 0xFFFFFFFFu},
                                          {MLM_SCHEDULE_UNFUSED, 0, 0x04000001u}};
    static _Alignas(16) unsigned char arena[64];
    mlm_buffer table[64];
    mlm_plan plan;
    mlm_session *session;
    world w;
    uint32_t bytes;
    if (!CHECK(world_open(&w, network_paper(40, 64, 10)))) return;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        CHECK(mlm_plan_make(&plan, &w.model, &options[i], table, 64) == MLM_ERR_TOO_LARGE);
        CHECK(mlm_arena_bytes(&w.model, &options[i], &bytes) == MLM_ERR_TOO_LARGE);
        CHECK(mlm_session_init(&session, &w.model, &options[i], arena, 64) == MLM_ERR_TOO_LARGE);
    }
    world_close(&w);
    if (!CHECK(world_open(&w, network_backwards()))) return;
    const mlm_options whole = {MLM_SCHEDULE_STREAM, 1, 0xFFFFFFFFu};
    CHECK(mlm_arena_bytes(&w.model, &whole, &bytes) == MLM_ERR_TOO_LARGE);
    world_close(&w);
}

/* No tensor is as large as the states of Mamba-2's scan: their number alone makes them more than 2^32 floats. */
static void states_over_4_gib(void) {
    enum { WIDTH = 1024, STATES = 1 << 22, CHANNELS = WIDTH + 2 * STATES };
    network *net = network_new(MLM_INPUT_FRAMES, CHANNELS, 1);
    net_op dt = op_of(SLICE, 0, 0);
    dt.width = 1;
    net_op scan = op_of_two(SSD_SCAN, 0, 0, network_add(net, dt));
    scan.width = WIDTH;
    scan.attributes[0] = scan.attributes[1] = 1;
    scan.attributes[2] = STATES;
    scan.attributes[4] = MLM_INFINITY_BITS;
    network_add_output(net, network_add(net, op_of(POOL, 0, network_add(net, scan))));
    world w;
    uint32_t bytes;
    if (!CHECK(world_open(&w, net))) return;
    const mlm_options stream = {MLM_SCHEDULE_STREAM, 1, 0}, unfused = {MLM_SCHEDULE_UNFUSED, 0, 1};
    CHECK(mlm_arena_bytes(&w.model, &stream, &bytes) == MLM_ERR_TOO_LARGE);
    CHECK(mlm_arena_bytes(&w.model, &unfused, &bytes) == MLM_ERR_TOO_LARGE);
    world_close(&w);
}

/* Tiles are counted in frames; their samples must be countable, too. */
static void inputs_over_4_gib(void) {
    network *net = network_new(MLM_INPUT_SAMPLES, 1, 1);
    mlm_buffer table[8];
    mlm_plan plan;
    world w;
    net_op op = op_of(LOGMEL, 0, 0);
    op.width = 1;
    op.attributes[0] = op.attributes[1] = op.attributes[2] = 4096;
    op.attributes[3] = 16000;
    op.attributes[4] = f32_bits(1.0f);
    network_add_output(net, network_add(net, op_of(POOL, 0, network_add(net, op))));
    if (!CHECK(world_open(&w, net))) return;
    const mlm_options fits = {MLM_SCHEDULE_STREAM, 0x0003FFFFu, 0};
    const mlm_options too_many = {MLM_SCHEDULE_STREAM, 0x00040000u, 0};
    const mlm_options wraps = {MLM_SCHEDULE_STREAM, 0x00100001u, 0};
    CHECK(mlm_plan_make(&plan, &w.model, &fits, table, 8) == MLM_OK);
    CHECK_EQUAL(plan.input_bytes, 0x0003FFFFu * 16384u);
    CHECK(mlm_plan_make(&plan, &w.model, &too_many, table, 8) == MLM_ERR_TOO_LARGE);
    CHECK(mlm_plan_make(&plan, &w.model, &wraps, table, 8) == MLM_ERR_TOO_LARGE);
    world_close(&w);
}

static void check_arena(const world *w, mlm_options options, uint32_t wanted) {
    mlm_buffer table[64];
    mlm_plan plan;
    CHECK(mlm_plan_make(&plan, &w->model, &options, table, 64) == MLM_OK);
    printf("    schedule %u, tile %u: arena %u, minimum %u\n", options.schedule, options.tile,
           plan.arena_bytes, plan.minimum_bytes);
    CHECK_EQUAL(plan.arena_bytes, wanted);
}

/* The paper's models, to the byte: whoever makes them larger or smaller says so here. */
static void arenas_of_the_paper_models(void) {
    world w;
    if (!CHECK(world_open(&w, network_paper(40, 64, 10)))) return;
    check_arena(&w, (mlm_options){MLM_SCHEDULE_STREAM, 1, 0}, 11488);
    check_arena(&w, (mlm_options){MLM_SCHEDULE_LAYER, 0, 100}, 116032);
    check_arena(&w, (mlm_options){MLM_SCHEDULE_UNFUSED, 0, 100}, 1792832);
    world_close(&w);
    if (!CHECK(world_open(&w, network_paper(9, 64, 6)))) return;
    check_arena(&w, (mlm_options){MLM_SCHEDULE_STREAM, 1, 0}, 11456);
    world_close(&w);
}

/* The longest op lists there are: opening and planning them must not take a time that grows like a
 * power of their length, or a hostile blob could hang its reader. */
static void longest_models_are_planned_quickly(void) {
    enum { CHAIN, SUMS, CONVOLUTIONS, POOLS, REVERSES, EXAMPLES };
    static const char *const names[] = {"activations", "sums", "convolutions", "pools", "reverses"};
    for (uint32_t k = 0; k < EXAMPLES; k++) {
        network *net = network_new(MLM_INPUT_FRAMES, 2, 1);
        world w;
        net_op conv = op_of(CAUSAL_CONV, 0, 0);
        conv.attributes[0] = 3;
        for (uint32_t i = 0; i + 1 < MLM_MAX_OPS; i++) {
            conv.inputs[0] = i;
            network_add(net, k == SUMS                ? op_of_two(ARITHMETIC, 0, i, i)
                             : k == CONVOLUTIONS      ? conv
                             : k == POOLS             ? op_of(POOL, 0, 0)
                             : k == REVERSES && i > 0 ? op_of(REVERSE, 0, i)
                                                      : op_of(ACTIVATION, 0, i));
        }
        network_add_output(net, network_add(net, op_of(POOL, 0, k == POOLS ? 0 : net->op_count)));
        const clock_t start = clock();
        if (!CHECK(world_open(&w, net))) return;
        const clock_t opened = clock();
        rig r = rig_open(&w, stream_of(&w, 1, 4), 0);
        const clock_t planned = clock();
        const float frames[8] = {1, -1, 1, -1, 1, -1, 1, -1};
        CHECK(mlm_session_run(r.session, frames, 4, NULL) == MLM_OK);
        const double per_ms = CLOCKS_PER_SEC / 1000.0;
        const double open_ms = (double)(opened - start) / per_ms;
        const double plan_ms = (double)(planned - opened) / per_ms;
        const double run_ms = (double)(clock() - planned) / per_ms;
        printf("    %u %s: open %.1f ms, session %.1f ms, four frames %.1f ms\n", MLM_MAX_OPS,
               names[k], open_ms, plan_ms, run_ms);
        CHECK_MESSAGE(open_ms + plan_ms + run_ms < 3000.0, "too slow");
        rig_close(&r);
        world_close(&w);
    }
}

int main(int argc, char **argv) {
    if (argc == 3 && !strcmp(argv[1], "--only")) harness.only = argv[2];
    RUN(arenas_of_the_paper_models);
    RUN(random_plans_keep_their_promises);
    RUN(options_that_are_not_permitted);
    RUN(arenas_over_4_gib);
    RUN(states_over_4_gib);
    RUN(inputs_over_4_gib);
    RUN(longest_models_are_planned_quickly);
    return harness_end();
}
