/*
 * session_test.c - running models: right against a double precision reference, the same bits under
 * every schedule, tile and portion, the arena used exactly as planned, and every misuse answered by
 * a status with nothing changed. Knows only the public API and the blob builder.
 */
#include "blob_builder.h"
#include "harness.h"
#include "reference.h"

#include <math.h>
#include <stdlib.h>

#define GUARD 256u
#define GUARD_BYTE 0xC3

static const spec_limits limits = {20, 12, 4, 30};

/* A session with its arena between two guards. */
typedef struct rig {
    const mlm_model *model;
    mlm_options options;
    mlm_plan plan;
    unsigned char *room, *arena;
    mlm_session *session;
} rig;

static mlm_options stream(uint32_t tile) { return (mlm_options){MLM_SCHEDULE_STREAM, tile, 0}; }

static mlm_options layer(uint32_t frames) { return (mlm_options){MLM_SCHEDULE_LAYER, 0, frames}; }

static mlm_options unfused(uint32_t frames) {
    return (mlm_options){MLM_SCHEDULE_UNFUSED, 0, frames};
}

static rig rig_open(const mlm_model *model, mlm_options options, unsigned char poison) {
    rig r = {.model = model, .options = options};
    const uint32_t count = mlm_plan_buffer_count(model, &options);
    mlm_buffer *table = malloc((count + 1u) * sizeof *table);
    if (!table || mlm_plan_make(&r.plan, model, &options, table, count) != MLM_OK) {
        printf("rig: no plan\n");
        exit(2);
    }
    free(table);
    r.room = aligned_block(r.plan.arena_bytes + 2u * GUARD);
    r.arena = r.room + GUARD;
    memset(r.room, GUARD_BYTE, r.plan.arena_bytes + 2u * GUARD);
    memset(r.arena, poison, r.plan.arena_bytes);
    const mlm_status status =
        mlm_session_init(&r.session, model, &options, r.arena, r.plan.arena_bytes);
    if (status != MLM_OK) {
        printf("rig: %s\n", mlm_status_string(status));
        exit(2);
    }
    CHECK((unsigned char *)r.session >= r.arena &&
          (unsigned char *)r.session < r.arena + r.plan.arena_bytes);
    return r;
}

static int guards_intact(const rig *r) {
    for (uint32_t i = 0; i < GUARD; i++)
        if (r->room[i] != GUARD_BYTE || r->arena[r->plan.arena_bytes + i] != GUARD_BYTE) return 0;
    return 1;
}

static void rig_close(rig *r) {
    CHECK(guards_intact(r));
    free(r->room);
}

static uint32_t bits_of(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* The contract: equal bits, or both NaN. */
static int same_logits(const float *a, const float *b, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (bits_of(a[i]) != bits_of(b[i]) && !(isnan(a[i]) && isnan(b[i]))) return 0;
    return 1;
}

/* FNV-1a over the bits of logits, NaN counting as one value: what every compiler, flag and body of
 * vec4.h must agree on. */
static uint64_t all_bits = 0xCBF29CE484222325u;

static void note_bits(const float *logits, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        all_bits =
            (all_bits ^ (isnan(logits[i]) ? 0x7FC00000u : bits_of(logits[i]))) * 0x100000001B3u;
}

typedef struct world {
    model_spec spec;
    blob b;
    mlm_model model;
    uint32_t logits, width;
    rng random;
} world;

static void world_from_spec(world *w, uint64_t seed) {
    w->random.state = seed ^ 0xABCDEFu;
    w->b = blob_build(&w->spec);
    if (mlm_model_open(&w->model, w->b.bytes, w->b.size, NULL) != MLM_OK) {
        printf("the core refused a blob\n");
        exit(2);
    }
    w->logits = mlm_header(&w->model)->logits;
    w->width = mlm_header(&w->model)->input_width;
}

static void world_random(world *w, uint64_t seed) {
    rng random = {seed};
    spec_random(&w->spec, &random, &limits);
    world_from_spec(w, seed);
}

static void world_paper(world *w) {
    spec_paper(&w->spec, 5, 14, 6);
    world_from_spec(w, 1);
}

static const void *frame_at(const world *w, const void *input, uint32_t frame) {
    return (const unsigned char *)input + (size_t)frame * w->width * 4u;
}

/* A sequence of `frames` frames; of samples, with a few behind the last window now and then. */
typedef struct sequence {
    void *data;
    uint32_t inputs, frames;
} sequence;

static sequence sequence_of(world *w, uint32_t frames) {
    sequence x = {NULL, spec_inputs_of(&w->spec, frames), frames};
    if (w->spec.input_kind == MLM_INPUT_SAMPLES)
        x.inputs += rng_below(&w->random, w->spec.ops[0].hop);
    x.data = spec_random_input(&w->spec, &w->random, x.inputs);
    return x;
}

/* Largest portions that are pushed: a few frames. */
static uint32_t few_inputs(const world *w, uint32_t frames, uint32_t left) {
    const int samples = w->spec.input_kind == MLM_INPUT_SAMPLES;
    const uint32_t few = samples ? frames * w->spec.ops[0].hop + w->spec.ops[0].window : frames;
    return few < left ? few : left;
}

static float *new_logits(const world *w) {
    float *logits = calloc(w->logits, sizeof *logits);
    if (!logits) exit(2);
    return logits;
}

/* A fresh session under `options`, one run. */
static float *run_fresh(const world *w, mlm_options options, const void *input, uint32_t inputs) {
    float *logits = new_logits(w);
    rig r = rig_open(&w->model, options, 0xFF);
    CHECK(mlm_session_run(r.session, input, inputs, logits) == MLM_OK);
    CHECK_EQUAL(mlm_session_frames(r.session), spec_frames_of(&w->spec, inputs));
    CHECK_EQUAL(mlm_session_inputs(r.session), inputs);
    note_bits(logits, w->logits);
    rig_close(&r);
    return logits;
}

static void explain(const world *w, const char *what, uint32_t frames) {
    char text[1000];
    spec_describe(&w->spec, text, sizeof text);
    printf("    %s, %u frames, %s\n", what, frames, text);
}

/* ---- right, and the same --------------------------------------------------------------------- */

static void agrees_with_double_precision(void) {
    double worst = 0.0;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        world w;
        world_random(&w, seed);
        const uint32_t frames = rng_between(&w.random, 1, 60);
        const sequence x = sequence_of(&w, frames);
        double *wanted = malloc(w.logits * sizeof *wanted);
        if (!wanted) exit(2);
        double largest = 1e-3, error = 0.0;
        reference_run(&w.model, x.data, x.inputs, wanted);
        float *logits = run_fresh(&w, stream(1), x.data, x.inputs);
        for (uint32_t i = 0; i < w.logits; i++) {
            largest = fmax(largest, fabs(wanted[i]));
            error = fmax(error, fabs((double)logits[i] - wanted[i]));
        }
        if (!CHECK_MESSAGE(error <= 1e-3 * largest, "error %g of %g", error, largest))
            explain(&w, "double precision", frames);
        worst = fmax(worst, error / largest);
        free(logits);
        free(wanted);
        free(x.data);
        blob_free(&w.b);
    }
    /* Some random networks amplify rounding a lot (norms of nearly constant rows): the bound is for
     * wrong formulas. Accuracy is tested on the golden cases. */
    printf("    largest error of 400 random networks, relative to the largest logit: %.2g\n",
           worst);
}

static void extreme_time_steps(void) {
    static const float offsets[] = {100.0f, -100.0f, 30.0f, -30.0f};
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        world w;
        spec_paper(&w.spec, 5, 14, 6);
        w.spec.dt_offset = offsets[i];
        world_from_spec(&w, 3);
        void *input = spec_random_input(&w.spec, &w.random, 25);
        double wanted[6], largest = 0.0;
        reference_run(&w.model, input, 25, wanted);
        float *logits = run_fresh(&w, stream(1), input, 25);
        for (uint32_t k = 0; k < 6; k++) largest = fmax(largest, fabs(wanted[k]));
        for (uint32_t k = 0; k < 6; k++)
            CHECK_MESSAGE(fabs((double)logits[k] - wanted[k]) <= 2e-6 * largest,
                          "dt offset %g: logit %u is %g, not %g", (double)offsets[i], k,
                          (double)logits[k], wanted[k]);
        free(logits);
        free(input);
        blob_free(&w.b);
    }
}

static float *run_in_portions(world *w, mlm_options options, sequence x) {
    float *logits = new_logits(w);
    rig r = rig_open(&w->model, options, 0x7F);
    const uint32_t most = rng_once_in(&w->random, 4) ? 1u : 9u;
    for (uint32_t done = 0; done < x.inputs;) {
        const uint32_t few = few_inputs(w, most, x.inputs - done);
        const uint32_t portion = rng_between(&w->random, 0, few);
        CHECK(mlm_session_push(r.session, frame_at(w, x.data, done), portion) == MLM_OK);
        done += portion;
        CHECK_EQUAL(mlm_session_inputs(r.session), done);
        CHECK_EQUAL(mlm_session_frames(r.session), spec_frames_of(&w->spec, done));
    }
    CHECK(mlm_session_finish(r.session, logits) == MLM_OK);
    rig_close(&r);
    return logits;
}

/* Finishing in the middle must leave no trace. */
static float *run_with_interim_results(world *w, mlm_options options, sequence x) {
    float *logits = new_logits(w);
    rig r = rig_open(&w->model, options, 0x00);
    for (uint32_t done = 0; done < x.inputs; done++) {
        CHECK(mlm_session_push(r.session, frame_at(w, x.data, done), 1) == MLM_OK);
        const mlm_status wanted = spec_frames_of(&w->spec, done + 1u) > 0 ? MLM_OK : MLM_ERR_FRAMES;
        for (uint32_t twice = rng_below(&w->random, 3); twice > 0; twice--)
            CHECK(mlm_session_finish(r.session, logits) == wanted);
    }
    CHECK(mlm_session_finish(r.session, logits) == MLM_OK);
    rig_close(&r);
    return logits;
}

/* Steps through what was fed, which makes `frames` frames; samples may make none. */
static void step_to_the_end(const world *w, rig *r, uint32_t frames, uint32_t operators) {
    mlm_step step;
    mlm_status status;
    uint32_t steps = 0;
    while ((status = mlm_session_step(r->session, &step)) == MLM_OK) {
        CHECK(step.operator_index < operators);
        CHECK_EQUAL(step.frames, frames);
        CHECK(step.width <= step.stride || step.output == NULL);
        steps++;
    }
    CHECK(status == MLM_DONE);
    CHECK(steps > 0);
    if (frames == 0) CHECK(steps == 1 && w->spec.input_kind == MLM_INPUT_SAMPLES);
}

static float *run_by_steps(world *w, mlm_options options, sequence x) {
    float *logits = new_logits(w);
    rig r = rig_open(&w->model, options, 0x3C);
    mlm_step step;
    mlm_status status;
    const uint32_t operators = mlm_operator_count(&w->model, options.schedule);
    const int samples = w->spec.input_kind == MLM_INPUT_SAMPLES;
    const uint32_t most = r.plan.tile * (samples ? w->spec.ops[0].hop : 1u);
    for (uint32_t done = 0; done < x.inputs;) {
        const uint32_t left = x.inputs - done;
        const uint32_t portion = rng_between(&w->random, 1, left < most ? left : most);
        const uint32_t frames =
            spec_frames_of(&w->spec, done + portion) - spec_frames_of(&w->spec, done);
        CHECK(mlm_session_feed(r.session, frame_at(w, x.data, done), portion) == MLM_OK);
        step_to_the_end(w, &r, frames, operators);
        done += portion;
    }
    CHECK(mlm_session_feed_end(r.session) == MLM_OK);
    step.operator_index = 0;
    while ((status = mlm_session_step(r.session, &step)) == MLM_OK) continue;
    CHECK(status == MLM_DONE);
    CHECK_EQUAL(step.operator_index, operators - 1u);
    if (CHECK(step.output != NULL)) memcpy(logits, step.output, w->logits * sizeof *logits);
    float *again = new_logits(w);
    CHECK(mlm_session_finish(r.session, again) == MLM_OK);
    CHECK_MESSAGE(same_logits(logits, again, w->logits), "finish after steps differs");
    free(again);
    rig_close(&r);
    return logits;
}

/* State saved in one session and loaded into another, under other schedules, all the way; with
 * samples mostly in the middle of a window. */
static float *run_with_moves(world *w, sequence x) {
    float *logits = new_logits(w);
    unsigned char *state = NULL;
    uint32_t bytes = 0;
    for (uint32_t done = 0; done < x.inputs;) {
        const mlm_options all[] = {stream(1), stream(5), layer(x.frames), unfused(x.frames)};
        rig r = rig_open(&w->model, all[rng_below(&w->random, 4)], 0xA5);
        const uint32_t portion = rng_between(&w->random, 1, few_inputs(w, 7, x.inputs - done));
        if (done == 0) {
            bytes = mlm_session_state_bytes(r.session);
            state = malloc(bytes);
            if (!state) exit(2);
        } else {
            CHECK_EQUAL(mlm_session_state_bytes(r.session), bytes);
            CHECK(mlm_session_load_state(r.session, state, bytes) == MLM_OK);
            CHECK_EQUAL(mlm_session_inputs(r.session), done);
            CHECK_EQUAL(mlm_session_frames(r.session), spec_frames_of(&w->spec, done));
        }
        CHECK(mlm_session_push(r.session, frame_at(w, x.data, done), portion) == MLM_OK);
        done += portion;
        CHECK(mlm_session_save_state(r.session, state, bytes) == MLM_OK);
        if (done == x.inputs) CHECK(mlm_session_finish(r.session, logits) == MLM_OK);
        rig_close(&r);
    }
    free(state);
    return logits;
}

static void every_way_gives_the_same_bits(void) {
    for (uint64_t seed = 1; seed <= 600; seed++) {
        world w;
        world_random(&w, seed * 77u);
        const uint32_t frames = seed % 5 == 0 ? 1u : rng_between(&w.random, 1, 40);
        const sequence x = sequence_of(&w, frames);
        const uint32_t tile = rng_between(&w.random, 1, 12), room = rng_below(&w.random, 20);
        const mlm_options all[] = {stream(1),
                                   stream(3),
                                   stream(8),
                                   stream(100),
                                   stream(tile),
                                   layer(frames + room),
                                   unfused(frames + room)};
        float *wanted = run_fresh(&w, stream(1), x.data, x.inputs);
        for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
            float *got[] = {run_fresh(&w, all[i], x.data, x.inputs), run_in_portions(&w, all[i], x),
                            run_with_interim_results(&w, all[i], x), run_by_steps(&w, all[i], x)};
            static const char *const names[] = {"run", "push", "finish in between", "step"};
            for (size_t way = 0; way < 4; way++) {
                if (!CHECK_MESSAGE(same_logits(got[way], wanted, w.logits),
                                   "schedule %u, tile %u, max_frames %u", all[i].schedule,
                                   all[i].tile, all[i].max_frames))
                    explain(&w, names[way], frames);
                free(got[way]);
            }
        }
        float *moved = run_with_moves(&w, x);
        if (!CHECK(same_logits(moved, wanted, w.logits))) explain(&w, "state moved", frames);
        free(moved);
        free(wanted);
        free(x.data);
        blob_free(&w.b);
    }
}

static void sequences_beyond_16_bits(void) {
    const uint32_t frames = 70001;
    model_spec spec = {.seed = 9, .input_width = 2, .op_count = 3};
    world w;
    spec.ops[0] = (op_spec){.kind = MLM_OP_LINEAR, .input_width = 2, .output_width = 3};
    spec.ops[1] = (op_spec){.kind = MLM_OP_MAMBA,
                            .inputs = {1, 0},
                            .input_width = 3,
                            .output_width = 2,
                            .d_inner = 5,
                            .d_state = 2,
                            .d_conv = 2,
                            .dt_rank = 1,
                            .optional = OPTIONAL_OUT | OPTIONAL_DT_BIAS};
    spec.ops[2] =
        (op_spec){.kind = MLM_OP_POOL, .inputs = {2, 0}, .input_width = 2, .output_width = 2};
    w.spec = spec;
    world_from_spec(&w, 2);
    void *input = spec_random_input(&spec, &w.random, frames);
    float *wanted = run_fresh(&w, stream(1), input, frames);
    float *layered = run_fresh(&w, layer(frames), input, frames);
    float *plain = run_fresh(&w, unfused(frames), input, frames);
    double reference[2];
    reference_run(&w.model, input, frames, reference);
    CHECK(same_logits(wanted, layered, 2) && same_logits(wanted, plain, 2));
    for (int i = 0; i < 2; i++)
        CHECK_MESSAGE(fabs((double)wanted[i] - reference[i]) < 1e-3 * (fabs(reference[i]) + 0.1),
                      "%g, reference %g", (double)wanted[i], reference[i]);
    free(wanted), free(layered), free(plain), free(input);
    blob_free(&w.b);
}

static void sessions_side_by_side(void) {
    enum { SESSIONS = 12 };
    world w[SESSIONS];
    rig rigs[SESSIONS];
    sequence inputs[SESSIONS];
    float *wanted[SESSIONS];
    uint32_t done[SESSIONS] = {0}, left = 0;
    const uint32_t frames = 23;
    rng random = {99};
    for (uint32_t i = 0; i < SESSIONS; i++) {
        /* Three sessions share each model: see that they do not share anything else. */
        world_random(&w[i], 500u + i / 3u);
        const mlm_options all[] = {stream(1), stream(4), layer(frames), unfused(frames)};
        w[i].random.state += i;
        inputs[i] = sequence_of(&w[i], frames);
        wanted[i] = run_fresh(&w[i], stream(2), inputs[i].data, inputs[i].inputs);
        left += inputs[i].inputs;
        rigs[i] = rig_open(&w[i / 3u * 3u].model, all[i % 4u], 0x11);
    }
    while (left > 0) {
        const uint32_t i = rng_below(&random, SESSIONS);
        if (done[i] == inputs[i].inputs) continue;
        CHECK(mlm_session_push(rigs[i].session, frame_at(&w[i], inputs[i].data, done[i]), 1) ==
              MLM_OK);
        done[i]++;
        left--;
    }
    for (uint32_t i = 0; i < SESSIONS; i++) {
        float *logits = new_logits(&w[i]);
        CHECK(mlm_session_finish(rigs[i].session, logits) == MLM_OK);
        CHECK(same_logits(logits, wanted[i], w[i].logits));
        free(logits), free(wanted[i]), free(inputs[i].data);
    }
    for (uint32_t i = 0; i < SESSIONS; i++) {
        rig_close(&rigs[i]);
        blob_free(&w[i].b);
    }
}

static void reset_forgets_everything(void) {
    for (uint64_t seed = 1; seed <= 60; seed++) {
        world w;
        world_random(&w, seed * 13u);
        const sequence noise = sequence_of(&w, 17), x = sequence_of(&w, 11);
        float *wanted = run_fresh(&w, stream(1), x.data, x.inputs);
        float *logits = new_logits(&w);
        rig r = rig_open(&w.model, stream(4), 0x42);
        CHECK(mlm_session_push(r.session, noise.data, noise.inputs) == MLM_OK);
        mlm_session_reset(r.session);
        CHECK_EQUAL(mlm_session_frames(r.session), 0);
        CHECK_EQUAL(mlm_session_inputs(r.session), 0);
        CHECK(mlm_session_finish(r.session, logits) == MLM_ERR_FRAMES);
        CHECK(mlm_session_push(r.session, x.data, x.inputs) == MLM_OK);
        CHECK(mlm_session_finish(r.session, logits) == MLM_OK);
        CHECK(same_logits(logits, wanted, w.logits));
        CHECK(mlm_session_run(r.session, x.data, x.inputs, logits) == MLM_OK);
        CHECK(same_logits(logits, wanted, w.logits));
        rig_close(&r);
        free(noise.data), free(x.data), free(wanted), free(logits);
        blob_free(&w.b);
    }
}

/* NaN and infinity in an input: the same NaN-ness every way, and no state left after a reset. */
static void non_finite_inputs(void) {
    static const float odd[] = {NAN, INFINITY, -INFINITY, 3.4e38f, -3.4e38f, 1e-45f};
    for (uint64_t seed = 1; seed <= 60; seed++) {
        world w;
        world_random(&w, seed * 31u);
        if (w.spec.input_kind != MLM_INPUT_TOKENS) {
            const uint32_t frames = 13, inputs = spec_inputs_of(&w.spec, frames);
            float *clean = spec_random_input(&w.spec, &w.random, inputs);
            float *dirty = spec_random_input(&w.spec, &w.random, inputs);
            dirty[rng_below(&w.random, inputs * w.width)] = odd[seed % 6];
            float *wanted = run_fresh(&w, stream(1), clean, inputs);
            float *bad = run_fresh(&w, stream(1), dirty, inputs);
            float *bad_too = run_fresh(&w, unfused(frames), dirty, inputs);
            float *logits = new_logits(&w);
            CHECK(same_logits(bad, bad_too, w.logits));
            rig r = rig_open(&w.model, stream(3), 0x42);
            CHECK(mlm_session_run(r.session, dirty, inputs, logits) == MLM_OK);
            CHECK(same_logits(bad, logits, w.logits));
            CHECK(mlm_session_run(r.session, clean, inputs, logits) == MLM_OK);
            CHECK(same_logits(logits, wanted, w.logits));
            rig_close(&r);
            free(clean), free(dirty), free(wanted), free(bad), free(bad_too), free(logits);
        }
        blob_free(&w.b);
    }
}

/* ---- memory ----------------------------------------------------------------------------------- */

/* One past the last byte of the arena that a run changes: found with two poisons, since a byte may
 * happen to be written with its own poison. */
static uint32_t high_water(const world *w, mlm_options options, const void *input,
                           uint32_t inputs) {
    static const unsigned char poisons[] = {0xA5, 0x5A};
    float *logits = new_logits(w);
    uint32_t mark = 0;
    for (size_t i = 0; i < 2; i++) {
        rig r = rig_open(&w->model, options, poisons[i]);
        CHECK(mlm_session_run(r.session, input, inputs, logits) == MLM_OK);
        for (uint32_t at = mark; at < r.plan.arena_bytes; at++)
            if (r.arena[at] != poisons[i]) mark = at + 1u;
        rig_close(&r);
    }
    free(logits);
    return mark;
}

static uint32_t planned_bytes(const world *w, mlm_options options) {
    mlm_buffer table[SPEC_MAX_OPS * 12u];
    mlm_plan plan = {0};
    CHECK(mlm_plan_make(&plan, &w->model, &options, table, SPEC_MAX_OPS * 12u) == MLM_OK);
    return plan.arena_bytes;
}

static void arena_is_used_to_the_last_line_of_the_plan(void) {
    for (uint64_t seed = 1; seed <= 400; seed++) {
        world w;
        world_random(&w, seed * 101u);
        const uint32_t frames = rng_between(&w.random, 1, 30);
        const sequence x = sequence_of(&w, frames);
        const mlm_options all[] = {stream(1), stream(3), layer(frames), unfused(frames)};
        for (size_t i = 0; i < 4; i++) {
            if (all[i].tile > frames) continue; /* the last rows of the tile stay untouched */
            const uint32_t mark = high_water(&w, all[i], x.data, x.inputs);
            const uint32_t planned = planned_bytes(&w, all[i]);
            /* Buffers end on multiples of MLM_ALIGNMENT; the padding behind the last element of the
             * highest one is the only thing that may stay untouched. */
            const uint32_t rounded = mlm_round_up(mark, MLM_ALIGNMENT);
            if (!CHECK_MESSAGE(rounded == planned, "schedule %u: %u bytes touched, %u planned",
                               all[i].schedule, mark, planned))
                explain(&w, "high-water mark", frames);
        }
        free(x.data);
        blob_free(&w.b);
    }
}

static void paper_model_high_water(void) {
    world w;
    spec_paper(&w.spec, 40, 64, 10);
    world_from_spec(&w, 1);
    void *input = spec_random_input(&w.spec, &w.random, 100);
    const mlm_options all[] = {stream(1), stream(4), stream(8), layer(100), unfused(100)};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const uint32_t planned = planned_bytes(&w, all[i]);
        CHECK_EQUAL(high_water(&w, all[i], input, 100), planned);
    }
    free(input);
    blob_free(&w.b);
}

static void arena_too_small_or_misaligned(void) {
    for (uint64_t seed = 1; seed <= 60; seed++) {
        world w;
        world_random(&w, seed * 17u);
        const mlm_options all[] = {stream(1), stream(6), layer(9), unfused(9)};
        for (size_t i = 0; i < 4; i++) {
            const uint32_t bytes = planned_bytes(&w, all[i]);
            unsigned char *room = aligned_block(bytes + 32u);
            unsigned char *before = malloc(bytes + 32u);
            mlm_session *session = NULL;
            if (!before) exit(2);
            memset(room, 0x66, bytes + 32u);
            memcpy(before, room, bytes + 32u);
            const size_t small[] = {bytes - 1u, bytes - 16u, bytes / 2u, 16, 1, 0};
            for (size_t k = 0; k < sizeof small / sizeof *small; k++)
                CHECK(mlm_session_init(&session, &w.model, &all[i], room, small[k]) ==
                      MLM_ERR_ARENA_TOO_SMALL);
            for (size_t shift = 1; shift < 16; shift++)
                CHECK(mlm_session_init(&session, &w.model, &all[i], room + shift, bytes) ==
                      MLM_ERR_ALIGNMENT);
            CHECK(session == NULL && !memcmp(room, before, bytes + 32u));
            CHECK(mlm_session_init(&session, &w.model, &all[i], room, bytes) == MLM_OK);
            CHECK(mlm_session_init(&session, &w.model, &all[i], room, bytes + 32u) == MLM_OK);
            CHECK(!memcmp(room + bytes, before + bytes, 32));
            free(room);
            free(before);
        }
        blob_free(&w.b);
    }
}

/* ---- misuse ----------------------------------------------------------------------------------- */

/* Calls that must fail: status as wanted, not a byte of the arena changed. */
#define FAILS(wanted, call)                                                                   \
    do {                                                                                      \
        unsigned char *before = malloc(r.plan.arena_bytes);                                   \
        if (!before) exit(2);                                                                 \
        memcpy(before, r.arena, r.plan.arena_bytes);                                          \
        const mlm_status status = (call);                                                     \
        CHECK_MESSAGE(status == (wanted), "%s: %s, not %s", #call, mlm_status_string(status), \
                      #wanted);                                                               \
        CHECK_MESSAGE(!memcmp(before, r.arena, r.plan.arena_bytes), "%s changed the arena",   \
                      #call);                                                                 \
        free(before);                                                                         \
    } while (0)

static void null_arguments(void) {
    world w;
    world_paper(&w);
    void *input = spec_random_input(&w.spec, &w.random, 4);
    float logits[6];
    mlm_session *session;
    const mlm_options options = stream(1);
    rig r = rig_open(&w.model, options, 0);
    unsigned char state[16384];
    const uint32_t bytes = mlm_session_state_bytes(r.session);
    FAILS(MLM_ERR_ARGUMENT, mlm_session_init(NULL, &w.model, &options, r.arena, 65536));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_init(&session, NULL, &options, r.arena, 65536));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_init(&session, &w.model, NULL, r.arena, 65536));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_init(&session, &w.model, &options, NULL, 65536));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_push(NULL, input, 1));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_push(r.session, NULL, 1));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_finish(NULL, logits));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_run(NULL, input, 1, logits));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_run(r.session, NULL, 1, logits));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_feed(NULL, input, 1));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_feed(r.session, NULL, 1));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_feed_end(NULL));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_step(NULL, NULL));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_save_state(NULL, state, bytes));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_save_state(r.session, NULL, bytes));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_save_state(r.session, state, bytes - 1u));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_save_state(r.session, state, bytes + 1u));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_load_state(NULL, state, bytes));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_load_state(r.session, NULL, bytes));
    CHECK(mlm_session_push(r.session, input, 4) == MLM_OK);
    FAILS(MLM_ERR_ARGUMENT, mlm_session_finish(r.session, NULL));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_run(r.session, input, 4, NULL));
    CHECK(mlm_session_push(r.session, NULL, 0) == MLM_OK ||
          mlm_session_push(r.session, NULL, 0) == MLM_ERR_ARGUMENT);
    rig_close(&r);
    free(input);
    blob_free(&w.b);
}

static void numbers_of_frames(void) {
    world w;
    world_paper(&w);
    void *input = spec_random_input(&w.spec, &w.random, 20);
    float logits[6] = {7, 7, 7, 7, 7, 7};
    rig r = rig_open(&w.model, stream(2), 0);
    FAILS(MLM_ERR_FRAMES, mlm_session_finish(r.session, logits));
    FAILS(MLM_ERR_FRAMES, mlm_session_run(r.session, input, 0, logits));
    CHECK(mlm_session_push(r.session, input, 0) == MLM_OK);
    FAILS(MLM_ERR_FRAMES, mlm_session_finish(r.session, logits));
    CHECK(mlm_session_push(r.session, input, 5) == MLM_OK);
    FAILS(MLM_ERR_FRAMES, mlm_session_run(r.session, input, 0, logits));
    CHECK_EQUAL(mlm_session_frames(r.session), 5);
    CHECK(logits[0] == 7.0f);
    rig_close(&r);
    const mlm_options all[] = {layer(10), unfused(10)};
    for (size_t i = 0; i < 2; i++) {
        r = rig_open(&w.model, all[i], 0);
        FAILS(MLM_ERR_FRAMES, mlm_session_push(r.session, input, 11));
        FAILS(MLM_ERR_FRAMES, mlm_session_run(r.session, input, 11, logits));
        FAILS(MLM_ERR_FRAMES, mlm_session_push(r.session, input, 0xFFFFFFFFu));
        CHECK(mlm_session_push(r.session, input, 7) == MLM_OK);
        FAILS(MLM_ERR_FRAMES, mlm_session_push(r.session, input, 4));
        FAILS(MLM_ERR_FRAMES, mlm_session_push(r.session, input, 0xFFFFFFFFu));
        CHECK(mlm_session_push(r.session, input, 3) == MLM_OK);
        FAILS(MLM_ERR_FRAMES, mlm_session_push(r.session, input, 1));
        CHECK(mlm_session_push(r.session, input, 0) == MLM_OK);
        CHECK(mlm_session_finish(r.session, logits) == MLM_OK);
        CHECK(mlm_session_run(r.session, input, 10, logits) == MLM_OK);
        rig_close(&r);
    }
    r = rig_open(&w.model, stream(2), 0);
    CHECK(mlm_session_push(r.session, input, 5) == MLM_OK);
    FAILS(MLM_ERR_FRAMES, mlm_session_push(r.session, input, 0xFFFFFFFBu));
    rig_close(&r);
    free(input);
    blob_free(&w.b);
}

/* Windows of 12 samples, 5 apart, of a transform of 16; the paper's network behind them. */
static void audio_world(world *w) {
    model_spec *spec = &w->spec;
    spec_paper(spec, 7, 14, 6);
    memmove(spec->ops + 2, spec->ops, spec->op_count * sizeof *spec->ops);
    spec->op_count += 2;
    spec->ops[0] = (op_spec){.kind = MLM_OP_LOGMEL, .input_width = 1, .output_width = 7};
    spec->ops[0].window = 12;
    spec->ops[0].hop = 5;
    spec->ops[0].fft = 16;
    spec->ops[0].epsilon = 1e-5f;
    spec->ops[1] = (op_spec){.kind = MLM_OP_AFFINE, .input_width = 7, .output_width = 7};
    for (uint32_t i = 1; i < spec->op_count; i++) spec->ops[i].inputs[0] = i;
    spec->input_kind = MLM_INPUT_SAMPLES;
    spec->input_width = 1;
    spec->self_test_frames = 23;
    world_from_spec(w, 6);
}

static void numbers_of_samples(void) {
    world w;
    audio_world(&w);
    float *input = spec_random_input(&w.spec, &w.random, 100);
    float logits[6] = {7, 7, 7, 7, 7, 7};
    float *wanted = run_fresh(&w, stream(1), input, 13);
    rig r = rig_open(&w.model, stream(2), 0);
    FAILS(MLM_ERR_FRAMES, mlm_session_run(r.session, input, 0, logits));
    FAILS(MLM_ERR_FRAMES, mlm_session_run(r.session, input, 11, logits));
    CHECK(mlm_session_push(r.session, input, 11) == MLM_OK);
    CHECK_EQUAL(mlm_session_frames(r.session), 0);
    CHECK_EQUAL(mlm_session_inputs(r.session), 11);
    FAILS(MLM_ERR_FRAMES, mlm_session_finish(r.session, logits));
    FAILS(MLM_ERR_FRAMES, mlm_session_feed_end(r.session));
    FAILS(MLM_ERR_FRAMES, mlm_session_run(r.session, input, 11, logits));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_push(r.session, (const char *)input + 2, 2));
    CHECK(logits[0] == 7.0f);
    /* A refused run forgets nothing: these are the twelfth and the thirteenth. */
    CHECK(mlm_session_push(r.session, input + 11, 2) == MLM_OK);
    CHECK_EQUAL(mlm_session_frames(r.session), 1);
    CHECK(mlm_session_finish(r.session, logits) == MLM_OK);
    CHECK(same_logits(logits, wanted, 6));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_feed(r.session, input, 11)); /* a tile: 2 hops */
    CHECK(mlm_session_feed(r.session, input, 10) == MLM_OK);
    FAILS(MLM_ERR_BUSY, mlm_session_push(r.session, input, 1));
    while (mlm_session_step(r.session, NULL) == MLM_OK) continue;
    CHECK_EQUAL(mlm_session_frames(r.session), 3);
    CHECK(mlm_session_self_test(r.session) == MLM_OK);
    CHECK_EQUAL(mlm_session_inputs(r.session), 0);
    rig_close(&r);
    free(wanted);

    /* 4 frames begin 5 apart: 27 samples make them, and 4 more make no fifth. */
    const mlm_options all[] = {layer(4), unfused(4)};
    for (size_t i = 0; i < 2; i++) {
        r = rig_open(&w.model, all[i], 0);
        FAILS(MLM_ERR_FRAMES, mlm_session_push(r.session, input, 32));
        FAILS(MLM_ERR_FRAMES, mlm_session_run(r.session, input, 32, logits));
        CHECK(mlm_session_run(r.session, input, 31, logits) == MLM_OK);
        CHECK_EQUAL(mlm_session_frames(r.session), 4);
        FAILS(MLM_ERR_FRAMES, mlm_session_push(r.session, input, 1));
        mlm_session_reset(r.session);
        CHECK(mlm_session_push(r.session, input, 27) == MLM_OK);
        FAILS(MLM_ERR_FRAMES, mlm_session_feed(r.session, input, 5));
        CHECK(mlm_session_feed(r.session, input, 4) == MLM_OK);
        CHECK(mlm_session_step(r.session, NULL) == MLM_OK);
        CHECK(mlm_session_step(r.session, NULL) == MLM_DONE);
        CHECK_EQUAL(mlm_session_frames(r.session), 4);
        rig_close(&r);
    }
    r = rig_open(&w.model, layer(2), 0); /* the self-test's 23 samples are 3 frames */
    FAILS(MLM_ERR_FRAMES, mlm_session_self_test(r.session));
    rig_close(&r);
    free(input);
    blob_free(&w.b);
}

/* Sets the number of inputs in a saved state, the third word, and the CRC that covers it. */
static void set_inputs(unsigned char *state, uint32_t bytes, uint32_t inputs) {
    memcpy(state + 8, &inputs, sizeof inputs);
    unsigned char *covered = malloc(bytes);
    if (!covered) exit(2);
    memcpy(covered, state, 12);
    memcpy(covered + 12, state + 16, bytes - 16u);
    const uint32_t crc = crc32_of(covered, bytes - 4u);
    memcpy(state + 12, &crc, sizeof crc);
    free(covered);
}

/* Four thousand million inputs, by way of a state that says so. */
static void the_last_inputs_that_can_be_counted(void) {
    for (int audio = 0; audio < 2; audio++) {
        world w;
        if (audio)
            audio_world(&w);
        else
            world_paper(&w);
        void *input = spec_random_input(&w.spec, &w.random, 40);
        float logits[6];
        rig r = rig_open(&w.model, stream(3), 0);
        const uint32_t bytes = mlm_session_state_bytes(r.session), limit = 0xFFFFFFFFu;
        unsigned char *state = malloc(bytes);
        if (!state) exit(2);
        CHECK(mlm_session_push(r.session, input, 15) == MLM_OK);
        CHECK(mlm_session_save_state(r.session, state, bytes) == MLM_OK);
        for (uint32_t left = 0; left <= 40; left += 8) {
            set_inputs(state, bytes, limit - left);
            CHECK(mlm_session_load_state(r.session, state, bytes) == MLM_OK);
            CHECK_EQUAL(mlm_session_inputs(r.session), limit - left);
            FAILS(MLM_ERR_FRAMES, mlm_session_push(r.session, input, left + 1u));
            FAILS(MLM_ERR_FRAMES, mlm_session_push(r.session, input, limit));
            CHECK(mlm_session_push(r.session, input, left) == MLM_OK);
            CHECK_EQUAL(mlm_session_inputs(r.session), limit);
            CHECK_EQUAL(mlm_session_frames(r.session), audio ? (limit - 12u) / 5u + 1u : limit);
            FAILS(MLM_ERR_FRAMES, mlm_session_push(r.session, input, 1));
            FAILS(MLM_ERR_FRAMES, mlm_session_feed(r.session, input, 1));
            CHECK(mlm_session_finish(r.session, logits) == MLM_OK);
        }
        rig_close(&r);
        r = rig_open(&w.model, layer(100), 0);
        FAILS(MLM_ERR_FRAMES, mlm_session_load_state(r.session, state, bytes));
        rig_close(&r);
        free(state), free(input);
        blob_free(&w.b);
    }
}

static void windows_without_overlap_and_of_one_sample(void) {
    static const uint32_t forms[][3] = {{16, 16, 16}, {1, 1, 4}, {3, 1, 4}, {64, 1, 64}, {5, 5, 8}};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        world w;
        model_spec spec = {.seed = 5, .input_kind = MLM_INPUT_SAMPLES, .input_width = 1};
        spec.op_count = 2;
        spec.ops[0] = (op_spec){.kind = MLM_OP_LOGMEL, .input_width = 1, .output_width = 5};
        spec.ops[0].window = forms[i][0];
        spec.ops[0].hop = forms[i][1];
        spec.ops[0].fft = forms[i][2];
        spec.ops[0].epsilon = 1e-5f;
        spec.ops[1] = (op_spec){.kind = MLM_OP_POOL, .input_width = 5, .output_width = 5};
        spec.ops[1].inputs[0] = 1;
        w.spec = spec;
        world_from_spec(&w, i);
        const sequence x = sequence_of(&w, 50);
        double reference[5];
        reference_run(&w.model, x.data, x.inputs, reference);
        float *wanted = run_fresh(&w, stream(1), x.data, x.inputs);
        float *layered = run_fresh(&w, layer(50), x.data, x.inputs);
        float *portions = run_in_portions(&w, stream(4), x);
        CHECK(same_logits(layered, wanted, 5) && same_logits(portions, wanted, 5));
        for (int k = 0; k < 5; k++)
            CHECK_MESSAGE(fabs((double)wanted[k] - reference[k]) < 2e-5, "%g, reference %g",
                          (double)wanted[k], reference[k]);
        free(wanted), free(layered), free(portions), free(x.data);
        blob_free(&w.b);
    }
}

static void token_world(world *w) {
    model_spec spec = {.seed = 4, .input_kind = MLM_INPUT_TOKENS, .input_width = 1, .op_count = 3};
    spec.ops[0] = (op_spec){.kind = MLM_OP_EMBEDDING, .input_width = 11, .output_width = 5};
    spec.ops[1] = (op_spec){
        .kind = MLM_OP_POOL, .variant = 1, .inputs = {1, 0}, .input_width = 5, .output_width = 5};
    spec.ops[2] = (op_spec){.kind = MLM_OP_LINEAR,
                            .inputs = {2, 0},
                            .input_width = 5,
                            .output_width = 11,
                            .optional = OPTIONAL_TIED};
    w->spec = spec;
    world_from_spec(w, 4);
}

static void tokens_outside_of_the_vocabulary(void) {
    static const int32_t bad[] = {-1, 11, 12, 16, 0x7FFFFFFF, (int32_t)0x80000000};
    world w;
    token_world(&w);
    float logits[11];
    const mlm_options all[] = {stream(1), stream(3), layer(8), unfused(8)};
    for (size_t k = 0; k < 4; k++) {
        rig r = rig_open(&w.model, all[k], 0);
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
            for (uint32_t at = 0; at < 8; at++) {
                int32_t tokens[8] = {0, 10, 3, 4, 5, 6, 7, 8};
                CHECK(mlm_session_run(r.session, tokens, at + 1u, logits) == MLM_OK);
                tokens[at] = bad[i];
                mlm_session_reset(r.session);
                CHECK(mlm_session_push(r.session, tokens, at) == MLM_OK);
                FAILS(MLM_ERR_TOKEN, mlm_session_push(r.session, tokens + at, 8 - at));
                FAILS(MLM_ERR_TOKEN, mlm_session_run(r.session, tokens, 8, logits));
                FAILS(MLM_ERR_TOKEN, mlm_session_feed(r.session, tokens + at, 1));
            }
        const int32_t last[] = {0, 10};
        CHECK(mlm_session_run(r.session, last, 2, logits) == MLM_OK);
        rig_close(&r);
    }
    blob_free(&w.b);
}

static void busy_sessions(void) {
    world w;
    world_paper(&w);
    void *input = spec_random_input(&w.spec, &w.random, 8);
    float *wanted = run_fresh(&w, stream(4), input, 6);
    float logits[6];
    unsigned char state[16384];
    rig r = rig_open(&w.model, stream(4), 0);
    const uint32_t bytes = mlm_session_state_bytes(r.session);
    CHECK(mlm_session_step(r.session, NULL) == MLM_DONE);
    FAILS(MLM_ERR_FRAMES, mlm_session_feed_end(r.session));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_feed(r.session, input, 5)); /* more than a tile */
    CHECK(mlm_session_feed(r.session, input, 3) == MLM_OK);
    for (int steps = 0; steps < 3; steps++) {
        FAILS(MLM_ERR_BUSY, mlm_session_push(r.session, input, 1));
        FAILS(MLM_ERR_BUSY, mlm_session_finish(r.session, logits));
        FAILS(MLM_ERR_BUSY, mlm_session_feed(r.session, input, 1));
        FAILS(MLM_ERR_BUSY, mlm_session_feed_end(r.session));
        FAILS(MLM_ERR_BUSY, mlm_session_save_state(r.session, state, bytes));
        FAILS(MLM_ERR_BUSY, mlm_session_self_test(r.session));
        CHECK(mlm_session_step(r.session, NULL) == MLM_OK);
    }
    while (mlm_session_step(r.session, NULL) == MLM_OK) continue;
    CHECK(mlm_session_push(r.session, frame_at(&w, input, 3), 3) == MLM_OK);
    CHECK(mlm_session_save_state(r.session, state, bytes) == MLM_OK);
    CHECK(mlm_session_finish(r.session, logits) == MLM_OK);
    CHECK(same_logits(logits, wanted, 6));
    /* A busy session can be reset, and is then as good as new. */
    CHECK(mlm_session_feed(r.session, input, 2) == MLM_OK);
    CHECK(mlm_session_step(r.session, NULL) == MLM_OK);
    mlm_session_reset(r.session);
    CHECK(mlm_session_run(r.session, input, 6, logits) == MLM_OK);
    CHECK(same_logits(logits, wanted, 6));
    rig_close(&r);
    free(wanted), free(input);
    blob_free(&w.b);
}

static void damaged_states(void) {
    world w, other;
    world_paper(&w);
    spec_paper(&other.spec, 5, 14, 6);
    other.spec.seed = 12345; /* same sizes, other weights */
    world_from_spec(&other, 1);
    void *input = spec_random_input(&w.spec, &w.random, 9);
    rig r = rig_open(&w.model, stream(2), 0);
    rig s = rig_open(&other.model, stream(2), 0);
    const uint32_t bytes = mlm_session_state_bytes(r.session);
    unsigned char *state = malloc(bytes + 16u);
    if (!state) exit(2);
    CHECK_EQUAL(mlm_session_state_bytes(s.session), bytes);
    CHECK(mlm_session_push(r.session, input, 9) == MLM_OK);
    CHECK(mlm_session_save_state(r.session, state, bytes) == MLM_OK);
    FAILS(MLM_ERR_STATE, mlm_session_load_state(r.session, state, bytes - 1u));
    FAILS(MLM_ERR_STATE, mlm_session_load_state(r.session, state, bytes + 1u));
    FAILS(MLM_ERR_STATE, mlm_session_load_state(r.session, state, 0));
    for (uint32_t at = 0; at < bytes; at++) {
        state[at] ^= (unsigned char)(1u << (at % 8u));
        const mlm_status status = mlm_session_load_state(r.session, state, bytes);
        CHECK_MESSAGE(status == MLM_ERR_STATE, "byte %u of %u changed: %s", at, bytes,
                      mlm_status_string(status));
        state[at] ^= (unsigned char)(1u << (at % 8u));
    }
    CHECK(mlm_session_load_state(s.session, state, bytes) == MLM_ERR_STATE);
    CHECK(mlm_session_load_state(r.session, state, bytes) == MLM_OK);
    rig_close(&r);
    rig_close(&s);
    r = rig_open(&w.model, layer(8), 0); /* the state has 9 frames */
    FAILS(MLM_ERR_FRAMES, mlm_session_load_state(r.session, state, bytes));
    rig_close(&r);
    free(state), free(input);
    blob_free(&w.b), blob_free(&other.b);
}

static void self_tests(void) {
    world w;
    world_paper(&w);
    rig r = rig_open(&w.model, stream(1), 0);
    void *input = spec_random_input(&w.spec, &w.random, 3);
    CHECK(mlm_session_self_test(r.session) == MLM_OK);
    CHECK_EQUAL(mlm_session_frames(r.session), 0);
    CHECK(mlm_session_push(r.session, input, 3) == MLM_OK);
    CHECK(mlm_session_self_test(r.session) == MLM_OK);
    CHECK_EQUAL(mlm_session_frames(r.session), 0);
    rig_close(&r);
    r = rig_open(&w.model, layer(2), 0); /* the vector has 3 frames */
    FAILS(MLM_ERR_FRAMES, mlm_session_self_test(r.session));
    rig_close(&r);
    r = rig_open(&w.model, unfused(3), 0);
    CHECK(mlm_session_self_test(r.session) == MLM_OK);
    rig_close(&r);
    free(input);

    mlm_blob_header *header = (mlm_blob_header *)(void *)w.b.bytes;
    for (uint32_t i = 0; i < header->logits; i++) {
        w.b.bytes[header->self_test_logits + 4u * i] ^= 1u;
        blob_fix_crc(w.b.bytes, w.b.size);
        CHECK(mlm_model_open(&w.model, w.b.bytes, w.b.size, NULL) == MLM_OK);
        r = rig_open(&w.model, stream(1), 0);
        CHECK(mlm_session_self_test(r.session) == MLM_ERR_SELF_TEST);
        rig_close(&r);
        w.b.bytes[header->self_test_logits + 4u * i] ^= 1u;
    }
    blob_free(&w.b);

    token_world(&w); /* has no vector */
    r = rig_open(&w.model, stream(1), 0);
    FAILS(MLM_ERR_FRAMES, mlm_session_self_test(r.session));
    rig_close(&r);
    blob_free(&w.b);
}

/* Writes `bits` into every word of a section of the blob. */
static void fill_section(world *w, uint32_t at, uint32_t words, uint32_t bits) {
    for (uint32_t i = 0; i < words; i++) memcpy(w->b.bytes + at + 4u * i, &bits, sizeof bits);
}

static mlm_status self_test_of(world *w) {
    blob_fix_crc(w->b.bytes, w->b.size);
    CHECK(mlm_model_open(&w->model, w->b.bytes, w->b.size, NULL) == MLM_OK);
    rig r = rig_open(&w->model, stream(1), 0);
    const mlm_status status = mlm_session_self_test(r.session);
    rig_close(&r);
    return status;
}

/* A recorded NaN is met by any NaN: its payload is no part of the contract, and differs by machine. */
static void self_tests_with_nan(void) {
    world w;
    world_paper(&w);
    const mlm_blob_header *header = (const mlm_blob_header *)(void *)w.b.bytes;
    const uint32_t words = header->self_test_frames * header->input_width;
    const uint32_t nan[] = {0x7FC00000u, 0xFFC00000u, 0x7FC12345u, 0xFFFFFFFFu, 0x7F800001u};
    const uint32_t numbers[] = {0x7F800000u, 0xFF800000u, 0u, 0x3F800000u};
    fill_section(&w, header->self_test_input, words, nan[0]);
    for (size_t i = 0; i < sizeof nan / sizeof *nan; i++) {
        fill_section(&w, header->self_test_logits, header->logits, nan[i]);
        CHECK(self_test_of(&w) == MLM_OK);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        fill_section(&w, header->self_test_logits, header->logits, numbers[i]);
        CHECK(self_test_of(&w) == MLM_ERR_SELF_TEST);
    }
    fill_section(&w, header->self_test_input, words, 0u);
    fill_section(&w, header->self_test_logits, header->logits, nan[0]);
    CHECK(self_test_of(&w) == MLM_ERR_SELF_TEST);
    blob_free(&w.b);
}

static void blobs_are_never_written(void) {
    world w;
    world_paper(&w);
    blob copy = blob_copy(&w.b, w.b.size);
    void *input = spec_random_input(&w.spec, &w.random, 9);
    free(run_fresh(&w, stream(1), input, 9));
    free(run_fresh(&w, unfused(9), input, 9));
    CHECK(!memcmp(copy.bytes, w.b.bytes, w.b.size));
    blob_free(&copy);
    free(input);
    blob_free(&w.b);
}

int main(int argc, char **argv) {
    if (argc == 3 && !strcmp(argv[1], "--only")) harness.only = argv[2];
    RUN(agrees_with_double_precision);
    RUN(extreme_time_steps);
    RUN(every_way_gives_the_same_bits);
    RUN(sequences_beyond_16_bits);
    RUN(sessions_side_by_side);
    RUN(reset_forgets_everything);
    RUN(non_finite_inputs);
    RUN(arena_is_used_to_the_last_line_of_the_plan);
    RUN(paper_model_high_water);
    RUN(arena_too_small_or_misaligned);
    RUN(null_arguments);
    RUN(numbers_of_frames);
    RUN(numbers_of_samples);
    RUN(the_last_inputs_that_can_be_counted);
    RUN(windows_without_overlap_and_of_one_sample);
    RUN(tokens_outside_of_the_vocabulary);
    RUN(busy_sessions);
    RUN(damaged_states);
    RUN(self_tests);
    RUN(self_tests_with_nan);
    RUN(blobs_are_never_written);
    printf("bits %016llx\n", (unsigned long long)all_bits);
    return harness_end();
}
