/*
 * plan_test.c - what a plan promises, over random models and options: places, lifetimes, sums, and
 * the exact counts of work. Knows nothing of how a session uses the arena.
 */
#include "blob_builder.h"
#include "harness.h"

#include <stdlib.h>
#include <time.h>

static const spec_limits limits = {40, 16, 5, 60};

static mlm_options random_options(rng *random) {
    mlm_options options = {rng_below(random, 3), 0, 0};
    if (options.schedule == MLM_SCHEDULE_STREAM)
        options.tile = rng_once_in(random, 3) ? 1u : rng_between(random, 1, 40);
    else
        options.max_frames = rng_once_in(random, 4) ? 1u : rng_between(random, 1, 120);
    return options;
}

static int overlap(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size) {
    return a < b + b_size && b < a + a_size;
}

static void check_pair(const mlm_buffer *a, const mlm_buffer *b) {
    if (!overlap(a->offset, a->bytes, b->offset, b->bytes)) return;
    CHECK_MESSAGE(a->kind != MLM_BUFFER_STATE && b->kind != MLM_BUFFER_STATE,
                  "a state buffer shares its bytes");
    CHECK_MESSAGE(a->last < b->first || b->last < a->first,
                  "%s (operators %u..%u) and %s (%u..%u) share bytes while both alive",
                  mlm_buffer_role_string(a->role), a->first, a->last,
                  mlm_buffer_role_string(b->role), b->first, b->last);
}

static void check_plan(const mlm_model *model, const mlm_options *options, const mlm_plan *plan,
                       const mlm_buffer *table) {
    const uint32_t operators = mlm_operator_count(model, options->schedule);
    mlm_model_info info;
    uint64_t state = 0, io = 0, minimum = 0, end = 0;
    mlm_model_get_info(model, &info);
    for (uint32_t i = 0; i < plan->buffer_count; i++) {
        const mlm_buffer *b = &table[i];
        CHECK(b->offset % MLM_ALIGNMENT == 0);
        CHECK(b->bytes % MLM_ALIGNMENT == 0 && b->bytes > 0);
        CHECK((uint64_t)b->offset + b->bytes <= plan->arena_bytes);
        CHECK(b->first <= b->last && b->last < operators);
        CHECK(b->op < info.ops);
        CHECK(mlm_buffer_role_string(b->role)[0] != '\0');
        CHECK(b->kind <= MLM_BUFFER_IO);
        if (b->kind == MLM_BUFFER_STATE) {
            CHECK(b->first == 0 && b->last == operators - 1u);
            state += b->bytes;
        }
        if (b->kind == MLM_BUFFER_IO) io += b->bytes;
        if ((uint64_t)b->offset + b->bytes > end) end = (uint64_t)b->offset + b->bytes;
        for (uint32_t k = 0; k < i; k++) check_pair(b, &table[k]);
    }
    for (uint32_t at = 0; at < operators; at++) {
        uint64_t alive = 0;
        for (uint32_t i = 0; i < plan->buffer_count; i++)
            if (table[i].first <= at && at <= table[i].last) alive += table[i].bytes;
        if (alive > minimum) minimum = alive;
    }
    CHECK_EQUAL(end, plan->arena_bytes);
    CHECK_EQUAL(plan->state_bytes, state);
    CHECK_EQUAL(plan->io_bytes, io);
    CHECK_EQUAL(plan->arena_bytes,
                (uint64_t)plan->state_bytes + plan->scratch_bytes + plan->io_bytes);
    CHECK_EQUAL(plan->minimum_bytes, minimum);
    CHECK(plan->minimum_bytes <= plan->arena_bytes);
    CHECK_EQUAL(plan->tile,
                options->schedule == MLM_SCHEDULE_STREAM ? options->tile : options->max_frames);
    const uint32_t inputs = info.input_kind == MLM_INPUT_SAMPLES ? info.hop_samples : 1u;
    CHECK_EQUAL(plan->input_bytes, plan->tile * inputs * info.input_width * 4u);
    CHECK_EQUAL(plan->output_bytes, info.logits * 4u);
}

static void random_plans_keep_their_promises(void) {
    rng random = {21};
    for (int i = 0; i < 1500; i++) {
        model_spec spec;
        mlm_model model;
        mlm_plan plan, again, untouched;
        char text[1000];
        const unsigned failures = harness.failures;
        spec_random(&spec, &random, &limits);
        spec.self_test_frames = 0;
        blob b = blob_build(&spec);
        const mlm_options options = random_options(&random);
        if (!CHECK(mlm_model_open(&model, b.bytes, b.size, NULL) == MLM_OK)) return;
        const uint32_t count = mlm_plan_buffer_count(&model, &options);
        CHECK(count > 0);
        mlm_buffer *table = malloc(count * sizeof *table);
        mlm_buffer *second = malloc(count * sizeof *second);
        if (!table || !second) return;

        memset(&plan, 0x5A, sizeof plan);
        memset(table, 0x5A, count * sizeof *table);
        memcpy(second, table, count * sizeof *table);
        untouched = plan;
        CHECK(mlm_plan_make(&plan, &model, &options, table, count - 1u) == MLM_ERR_CAPACITY);
        CHECK(mlm_plan_make(&plan, &model, &options, table, 0) == MLM_ERR_CAPACITY);
        CHECK(!memcmp(&plan, &untouched, sizeof plan));
        CHECK(!memcmp(table, second, count * sizeof *table));

        CHECK(mlm_plan_make(&plan, &model, &options, table, count) == MLM_OK);
        CHECK_EQUAL(plan.buffer_count, count);
        check_plan(&model, &options, &plan, table);
        CHECK(mlm_plan_make(&again, &model, &options, second, count) == MLM_OK);
        CHECK(!memcmp(&plan, &again, sizeof plan) && !memcmp(table, second, count * sizeof *table));
        if (harness.failures != failures) {
            spec_describe(&spec, text, sizeof text);
            printf("    schedule %u, tile %u, max_frames %u, %s\n", options.schedule, options.tile,
                   options.max_frames, text);
        }
        free(table);
        free(second);
        blob_free(&b);
    }
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
    model_spec spec;
    mlm_model model;
    mlm_buffer table[64];
    mlm_plan plan;
    mlm_session *session = NULL;
    mlm_counts counts;
    static _Alignas(16) unsigned char arena[65536], before[65536];
    spec_paper(&spec, 3, 6, 4);
    blob b = blob_build(&spec);
    if (!CHECK(mlm_model_open(&model, b.bytes, b.size, NULL) == MLM_OK)) return;
    memset(arena, 0x77, sizeof arena);
    memcpy(before, arena, sizeof arena);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_EQUAL(mlm_plan_buffer_count(&model, &bad[i]), 0);
        CHECK(mlm_plan_make(&plan, &model, &bad[i], table, 64) == MLM_ERR_ARGUMENT);
        CHECK(mlm_session_init(&session, &model, &bad[i], arena, sizeof arena) == MLM_ERR_ARGUMENT);
        CHECK(mlm_operator_counts(&model, &bad[i], 1, 0, &counts) == MLM_ERR_ARGUMENT);
        CHECK(session == NULL && !memcmp(arena, before, sizeof arena));
    }
    const mlm_options good = {MLM_SCHEDULE_STREAM, 1, 0};
    CHECK_EQUAL(mlm_plan_buffer_count(&model, NULL), 0);
    CHECK(mlm_plan_make(NULL, &model, &good, table, 64) == MLM_ERR_ARGUMENT);
    CHECK(mlm_plan_make(&plan, NULL, &good, table, 64) == MLM_ERR_ARGUMENT);
    CHECK(mlm_plan_make(&plan, &model, NULL, table, 64) == MLM_ERR_ARGUMENT);
    CHECK(mlm_plan_make(&plan, &model, &good, NULL, 64) == MLM_ERR_ARGUMENT);
    CHECK(mlm_operator_counts(&model, &good, 1, 0, NULL) == MLM_ERR_ARGUMENT);
    CHECK(mlm_operator_counts(&model, &good, 0, 0, &counts) == MLM_ERR_ARGUMENT);
    const mlm_options ten = {MLM_SCHEDULE_LAYER, 0, 10};
    CHECK(mlm_operator_counts(&model, &ten, 11, 0, &counts) == MLM_ERR_ARGUMENT);
    CHECK(mlm_operator_counts(&model, &ten, 10, 0, &counts) == MLM_OK);
    blob_free(&b);
}

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
    model_spec spec;
    mlm_model model;
    mlm_buffer table[64];
    mlm_plan plan;
    mlm_session *session;
    static _Alignas(16) unsigned char arena[64];
    spec_paper(&spec, 40, 64, 10);
    blob b = blob_build(&spec);
    if (!CHECK(mlm_model_open(&model, b.bytes, b.size, NULL) == MLM_OK)) return;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        CHECK(mlm_plan_make(&plan, &model, &options[i], table, 64) == MLM_ERR_TOO_LARGE);
        CHECK(mlm_session_init(&session, &model, &options[i], arena, 64) == MLM_ERR_TOO_LARGE);
    }
    blob_free(&b);
}

/* Tiles are counted in frames; their samples must be countable, too. */
static void inputs_over_4_gib(void) {
    model_spec spec = {.seed = 1, .input_kind = MLM_INPUT_SAMPLES, .input_width = 1, .op_count = 2};
    mlm_model model;
    mlm_buffer table[8];
    mlm_plan plan;
    spec.ops[0] = (op_spec){.kind = MLM_OP_LOGMEL, .input_width = 1, .output_width = 1};
    spec.ops[0].window = spec.ops[0].hop = spec.ops[0].fft = 4096;
    spec.ops[0].epsilon = 1.0f;
    spec.ops[1] = (op_spec){.kind = MLM_OP_POOL, .inputs = {1, 0}, .input_width = 1};
    spec.ops[1].output_width = 1;
    blob b = blob_build(&spec);
    if (!CHECK(mlm_model_open(&model, b.bytes, b.size, NULL) == MLM_OK)) return;
    const mlm_options fits = {MLM_SCHEDULE_STREAM, 0x0003FFFFu, 0};
    const mlm_options too_many = {MLM_SCHEDULE_STREAM, 0x00040000u, 0};
    const mlm_options wraps = {MLM_SCHEDULE_STREAM, 0x00100001u, 0};
    CHECK(mlm_plan_make(&plan, &model, &fits, table, 8) == MLM_OK);
    CHECK_EQUAL(plan.input_bytes, 0x0003FFFFu * 16384u);
    CHECK(mlm_plan_make(&plan, &model, &too_many, table, 8) == MLM_ERR_TOO_LARGE);
    CHECK(mlm_plan_make(&plan, &model, &wraps, table, 8) == MLM_ERR_TOO_LARGE);
    blob_free(&b);
}

static mlm_counts total_counts(const mlm_model *model, const mlm_options *options,
                               uint32_t frames) {
    mlm_counts total = {0, 0, 0, 0};
    for (uint32_t i = 0; i < mlm_operator_count(model, options->schedule); i++) {
        mlm_counts counts;
        CHECK(mlm_operator_counts(model, options, frames, i, &counts) == MLM_OK);
        total.macs += counts.macs;
        total.exps += counts.exps;
        total.bytes_read += counts.bytes_read;
        total.bytes_written += counts.bytes_written;
    }
    return total;
}

/* The numbers of the paper's keyword spotting model, worked out by hand. */
static void counts_of_the_paper_model(void) {
    const uint64_t frames = 100, d_model = 64, inner = 128, states = 16, rank = 4;
    model_spec spec;
    mlm_model model;
    spec_paper(&spec, 40, 64, 10);
    blob b = blob_build(&spec);
    if (!CHECK(mlm_model_open(&model, b.bytes, b.size, NULL) == MLM_OK)) return;
    const mlm_options options = {MLM_SCHEDULE_STREAM, 1, 0};
    const mlm_counts total = total_counts(&model, &options, (uint32_t)frames);
    CHECK_EQUAL(total.exps, frames * inner * (states + 3u)); /* dA; softplus, two SiLUs */
    const uint64_t products =
        frames * (40u * d_model + 2u * d_model * inner + inner * 4u + inner * (rank + 2u * states) +
                  inner * rank + inner * d_model) +
        d_model * 10u;
    /* Each state: dt A, dA h, (dt u) B, h C; each channel: dt u, D u, y z; the mean's division. */
    const uint64_t scan = frames * inner * (4u * states + 3u);
    CHECK_MESSAGE(total.macs >= products && total.macs <= products + scan + d_model,
                  "%llu multiplications, matrix products alone are %llu, all are %llu",
                  (unsigned long long)total.macs, (unsigned long long)products,
                  (unsigned long long)(products + scan));
    CHECK(total.bytes_read > 0 && total.bytes_written > 0);
    blob_free(&b);
}

/* A front end worked out by hand: windows of 12 samples, 5 apart, of a transform of 16. */
static void counts_of_a_front_end(void) {
    const uint64_t frames = 9, window = 12, hop = 5, points = 8, stages = 3, bands = 6;
    const mlm_options options = {MLM_SCHEDULE_STREAM, 1, 0};
    model_spec spec = {.seed = 7, .input_kind = MLM_INPUT_SAMPLES, .input_width = 1};
    mlm_model model;
    mlm_tensor_info filters;
    mlm_counts logmel, affine;
    spec.op_count = 3;
    spec.ops[0] = (op_spec){.kind = MLM_OP_LOGMEL, .input_width = 1, .epsilon = 1e-5f};
    spec.ops[0].window = (uint32_t)window;
    spec.ops[0].hop = (uint32_t)hop;
    spec.ops[0].fft = 16;
    spec.ops[1] = (op_spec){.kind = MLM_OP_AFFINE, .inputs = {1, 0}, .input_width = 6};
    spec.ops[2] = (op_spec){.kind = MLM_OP_POOL, .inputs = {2, 0}, .input_width = 6};
    for (uint32_t i = 0; i < 3; i++) spec.ops[i].output_width = (uint32_t)bands;
    blob b = blob_build(&spec);
    if (!CHECK(mlm_model_open(&model, b.bytes, b.size, NULL) == MLM_OK)) return;
    CHECK(mlm_tensor_get_info(&model, 3, &filters) == MLM_OK &&
          !strcmp(filters.name, "op0.filters"));
    CHECK(mlm_operator_counts(&model, &options, (uint32_t)frames, 0, &logmel) == MLM_OK);
    CHECK(mlm_operator_counts(&model, &options, (uint32_t)frames, 1, &affine) == MLM_OK);
    /* The window; 4 a butterfly; a twiddle (4), four squares and two quarters for each pair of bins
     * but the two that stand alone; those and the middle one; the triangles. */
    const uint64_t spectrum = stages * (points / 2u) * 4u + (points / 2u - 1u) * 10u + 4u;
    CHECK_EQUAL(logmel.macs, frames * (window + spectrum + filters.rows));
    CHECK_EQUAL(logmel.exps, frames * bands);
    CHECK_EQUAL(affine.macs, frames * bands);
    CHECK_EQUAL(affine.exps, 0);
    CHECK_EQUAL(affine.bytes_read, frames * (bands * 4u + 2u * 32u));
    CHECK_EQUAL(affine.bytes_written, frames * bands * 4u);
    uint64_t tables = 0;
    for (uint32_t i = 0; i < 4; i++) {
        mlm_tensor_info tensor;
        CHECK(mlm_tensor_get_info(&model, i, &tensor) == MLM_OK);
        tables += tensor.bytes;
    }
    const mlm_options nine = {MLM_SCHEDULE_STREAM, 9, 0};
    mlm_counts once;
    CHECK(mlm_operator_counts(&model, &nine, (uint32_t)frames, 0, &once) == MLM_OK);
    CHECK_EQUAL(logmel.bytes_read - once.bytes_read, (frames - 1u) * tables);
    mlm_plan plan;
    mlm_buffer table[8];
    CHECK(mlm_plan_make(&plan, &model, &options, table, 8) == MLM_OK);
    for (uint32_t i = 0; i < plan.buffer_count; i++) {
        if (table[i].role == MLM_ROLE_SAMPLES) CHECK_EQUAL(table[i].bytes, 48);  /* 12 floats */
        if (table[i].role == MLM_ROLE_SPECTRUM) CHECK_EQUAL(table[i].bytes, 80); /* 18, in 16s */
    }
    blob_free(&b);
}

/* Work does not depend on schedule and tile; only the bytes moved do. */
static void work_is_the_same_under_every_schedule(void) {
    rng random = {23};
    for (int i = 0; i < 200; i++) {
        model_spec spec;
        mlm_model model;
        const uint32_t frames = rng_between(&random, 1, 50);
        const mlm_options all[] = {{MLM_SCHEDULE_STREAM, 1, 0},
                                   {MLM_SCHEDULE_STREAM, 7, 0},
                                   {MLM_SCHEDULE_LAYER, 0, frames},
                                   {MLM_SCHEDULE_UNFUSED, 0, frames}};
        spec_random(&spec, &random, &limits);
        spec.self_test_frames = 0;
        blob b = blob_build(&spec);
        if (!CHECK(mlm_model_open(&model, b.bytes, b.size, NULL) == MLM_OK)) return;
        const mlm_counts first = total_counts(&model, &all[0], frames);
        for (size_t k = 1; k < sizeof all / sizeof *all; k++) {
            const mlm_counts other = total_counts(&model, &all[k], frames);
            CHECK_EQUAL(other.macs, first.macs);
            CHECK_EQUAL(other.exps, first.exps);
        }
        const mlm_counts wider = total_counts(&model, &all[1], frames);
        CHECK(wider.bytes_read <= first.bytes_read);
        blob_free(&b);
    }
}

/* Operators before the pool work on every frame, those behind it once; the pool does both. */
static void work_grows_with_the_frames(void) {
    const uint32_t frames = 12;
    const mlm_options options = {MLM_SCHEDULE_STREAM, 4, 0};
    rng random = {25};
    for (int i = 0; i < 100; i++) {
        model_spec spec;
        mlm_model model;
        uint32_t pool = 0;
        spec_random(&spec, &random, &limits);
        spec.self_test_frames = 0;
        blob b = blob_build(&spec);
        if (!CHECK(mlm_model_open(&model, b.bytes, b.size, NULL) == MLM_OK)) return;
        while (spec.ops[pool].kind != MLM_OP_POOL) pool++;
        for (uint32_t k = 0; k < mlm_operator_count(&model, MLM_SCHEDULE_STREAM); k++) {
            mlm_operator_info info;
            mlm_counts one, all;
            CHECK(mlm_operator_get_info(&model, MLM_SCHEDULE_STREAM, k, &info) == MLM_OK);
            CHECK(mlm_operator_counts(&model, &options, 4, k, &one) == MLM_OK);
            CHECK(mlm_operator_counts(&model, &options, frames, k, &all) == MLM_OK);
            const uint64_t times = info.op < pool ? frames / 4u : 1u;
            if (info.op == pool) continue;
            CHECK_EQUAL(all.macs, one.macs * times);
            CHECK_EQUAL(all.exps, one.exps * times);
            CHECK_EQUAL(all.bytes_read, one.bytes_read * times);
            CHECK_EQUAL(all.bytes_written, one.bytes_written * times);
            if (spec.ops[info.op].kind == MLM_OP_LINEAR)
                CHECK_EQUAL(one.macs, (info.op < pool ? 4u : 1u) * spec.ops[info.op].input_width *
                                          spec.ops[info.op].output_width);
        }
        blob_free(&b);
    }
}

static void operators_describe_themselves(void) {
    rng random = {24};
    for (int i = 0; i < 100; i++) {
        model_spec spec;
        mlm_model model;
        spec_random(&spec, &random, &limits);
        spec.self_test_frames = 0;
        blob b = blob_build(&spec);
        if (!CHECK(mlm_model_open(&model, b.bytes, b.size, NULL) == MLM_OK)) return;
        for (uint32_t schedule = 0; schedule < 3; schedule++) {
            const uint32_t count = mlm_operator_count(&model, schedule);
            uint32_t op = 0;
            mlm_operator_info info;
            for (uint32_t k = 0; k < count; k++) {
                CHECK(mlm_operator_get_info(&model, schedule, k, &info) == MLM_OK);
                CHECK_MESSAGE(info.op == op || info.op == op + 1u,
                              "operators in order of their ops");
                op = info.op;
                CHECK((info.kind == MLM_OPERATOR_WHOLE) == (spec.ops[op].kind != MLM_OP_MAMBA));
                CHECK((info.part[0] == '\0') == (info.kind == MLM_OPERATOR_WHOLE));
                if (schedule != MLM_SCHEDULE_UNFUSED) CHECK(info.kind != MLM_OPERATOR_DISCRETIZE);
            }
            CHECK_EQUAL(op, spec.op_count - 1u);
            CHECK(mlm_operator_get_info(&model, schedule, count, &info) == MLM_ERR_ARGUMENT);
            CHECK(mlm_operator_get_info(&model, schedule, 0xFFFFFFFFu, &info) == MLM_ERR_ARGUMENT);
        }
        mlm_counts counts;
        const mlm_options options = {MLM_SCHEDULE_STREAM, 1, 0};
        CHECK(mlm_operator_counts(&model, &options, 1,
                                  mlm_operator_count(&model, MLM_SCHEDULE_STREAM),
                                  &counts) == MLM_ERR_ARGUMENT);
        blob_free(&b);
    }
}

/* The longest op lists there are: opening and planning them must not take a time that grows like a
 * power of their length, or a hostile blob could hang its reader. */
static void longest_models_are_planned_quickly(void) {
    static const uint32_t kinds[] = {MLM_OP_ACTIVATION, MLM_OP_ADD, MLM_OP_MAMBA};
    static model_spec spec;
    static _Alignas(16) unsigned char arena[1 << 20];
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        mlm_model model;
        mlm_session *session;
        float frame[2] = {1, -1}, logits[2];
        const mlm_options options = {MLM_SCHEDULE_STREAM, 1, 0};
        memset(&spec, 0, sizeof spec);
        spec.input_width = 2;
        spec.op_count = MLM_MAX_OPS;
        for (uint32_t i = 0; i < MLM_MAX_OPS; i++) {
            op_spec op = {.kind = kinds[k], .inputs = {i, 0}, .input_width = 2, .output_width = 2};
            if (kinds[k] == MLM_OP_ADD) op.inputs[1] = i;
            if (kinds[k] == MLM_OP_MAMBA) op.d_inner = op.d_state = op.d_conv = op.dt_rank = 2;
            if (i == MLM_MAX_OPS - 1u) op = (op_spec){.kind = MLM_OP_POOL, .inputs = {i, 0}};
            op.input_width = op.output_width = 2;
            spec.ops[i] = op;
        }
        blob b = blob_build(&spec);
        const clock_t start = clock();
        CHECK(mlm_model_open(&model, b.bytes, b.size, NULL) == MLM_OK);
        const clock_t opened = clock();
        CHECK(mlm_session_init(&session, &model, &options, arena, sizeof arena) == MLM_OK);
        const clock_t planned = clock();
        CHECK(mlm_session_run(session, frame, 1, logits) == MLM_OK);
        const double per_ms = CLOCKS_PER_SEC / 1000.0;
        const double open_ms = (double)(opened - start) / per_ms;
        const double plan_ms = (double)(planned - opened) / per_ms;
        const double run_ms = (double)(clock() - planned) / per_ms;
        printf("    %u ops of kind %u: open %.1f ms, session %.1f ms, one frame %.1f ms\n",
               MLM_MAX_OPS, kinds[k], open_ms, plan_ms, run_ms);
        CHECK_MESSAGE(open_ms + plan_ms + run_ms < 3000.0, "too slow");
        blob_free(&b);
    }
}

/* The bound of the project for the paper's model: 11,500 bytes at tile 1. */
static void arena_of_the_paper_model(void) {
    model_spec spec;
    mlm_model model;
    mlm_buffer table[64];
    mlm_plan stream, layer, unfused;
    const mlm_options options[] = {
        {MLM_SCHEDULE_STREAM, 1, 0}, {MLM_SCHEDULE_LAYER, 0, 100}, {MLM_SCHEDULE_UNFUSED, 0, 100}};
    spec_paper(&spec, 40, 64, 10);
    blob b = blob_build(&spec);
    if (!CHECK(mlm_model_open(&model, b.bytes, b.size, NULL) == MLM_OK)) return;
    CHECK(mlm_plan_make(&stream, &model, &options[0], table, 64) == MLM_OK);
    CHECK(mlm_plan_make(&layer, &model, &options[1], table, 64) == MLM_OK);
    CHECK(mlm_plan_make(&unfused, &model, &options[2], table, 64) == MLM_OK);
    printf("    arena: stream %u (minimum %u), layer %u (%u), unfused %u (%u)\n",
           stream.arena_bytes, stream.minimum_bytes, layer.arena_bytes, layer.minimum_bytes,
           unfused.arena_bytes, unfused.minimum_bytes);
    CHECK(stream.arena_bytes <= 11500u);
    CHECK(layer.arena_bytes <= 240000u);
    CHECK((double)unfused.arena_bytes >= 5.8 * (double)layer.arena_bytes);
    blob_free(&b);
}

int main(int argc, char **argv) {
    if (argc == 3 && !strcmp(argv[1], "--only")) harness.only = argv[2];
    RUN(random_plans_keep_their_promises);
    RUN(options_that_are_not_permitted);
    RUN(arenas_over_4_gib);
    RUN(inputs_over_4_gib);
    RUN(counts_of_the_paper_model);
    RUN(counts_of_a_front_end);
    RUN(work_is_the_same_under_every_schedule);
    RUN(work_grows_with_the_frames);
    RUN(operators_describe_themselves);
    RUN(longest_models_are_planned_quickly);
    RUN(arena_of_the_paper_model);
    return harness_end();
}
