/*
 * session_test.c - sessions beside each other, reset, moved, tested by themselves, receiving rows, at the
 * ends of what can be counted; and the arena: used as planned, and nothing else.
 */
#include "fails.h"
#include "ways.h"

#include <math.h>

static const net_limits limits = {20, 24, 0};

static void open_or_exit(world *w, network *net) {
    if (!world_open(w, net)) exit(2);
}

/* ---- sequences ------------------------------------------------------------------------------------ */

static void sequences_beyond_16_bits(void) {
    enum { FRAMES = 70001 };
    const block_sizes sizes = {5, 2, 2, 1, 2, BLOCK_DT_BIAS};
    network *net = network_new(MLM_INPUT_FRAMES, 2, 9);
    world w;
    const uint32_t y = network_add_block(net, network_add_linear(net, 0, 3, 0), &sizes);
    network_add_output(net, network_add(net, op_of(POOL, 0, y)));
    open_or_exit(&w, net);
    const sequence x = sequence_of(&w, FRAMES);
    float a[2], b[2], c[2];
    reference made;
    reference_run(&made, net, x.data, x.inputs);
    CHECK(way_run(&w, stream_of(&w, 1, 0), x, a) == NULL);
    CHECK(way_run(&w, layer_of(FRAMES), x, b) == NULL);
    CHECK(way_run(&w, unfused_of(FRAMES), x, c) == NULL);
    CHECK(same_bits(a, b, 2) && same_bits(a, c, 2));
    CHECK(same_bits(a, made.values[net->outputs[0]], 2));
    reference_free(&made);
    free(x.data);
    world_close(&w);
}

static void sessions_side_by_side(void) {
    enum { SESSIONS = 12, SHARED = 3, FRAMES = 12 };
    world w[SESSIONS];
    rig rigs[SESSIONS];
    sequence x[SESSIONS];
    float *wanted[SESSIONS], *got[SESSIONS];
    uint32_t done[SESSIONS] = {0}, left = 0;
    rng random = {99};
    for (uint32_t i = 0, seed = 500; i < SESSIONS; i++) {
        /* Three sessions share each model: see that they do not share anything else. */
        while (i % SHARED == 0 && !world_random(&w[i], seed++, &limits)) continue;
        if (i % SHARED) w[i] = w[i / SHARED * SHARED];
        const uint32_t frames = w[i].net->max_frames ? w[i].net->max_frames : FRAMES + 12;
        const mlm_options all[] = {stream_of(&w[i], 1, frames), stream_of(&w[i], 4, frames),
                                   layer_of(frames), unfused_of(frames)};
        w[i].random.state += i;
        x[i] = sequence_of(&w[i], frames);
        wanted[i] = result_new(&w[i], frames);
        got[i] = result_new(&w[i], frames);
        CHECK(way_run(&w[i], all[1], x[i], wanted[i]) == NULL);
        left += x[i].inputs;
        rigs[i] = rig_open(&w[i], all[i % 4], 0x11);
        result_receive(&rigs[i], got[i], frames, 0);
    }
    for (; left > 0; left--) {
        uint32_t i = rng_below(&random, SESSIONS);
        while (done[i] == x[i].inputs) i = (i + 1) % SESSIONS;
        const float *input = x[i].data;
        must(
            mlm_session_push(rigs[i].session, input + (size_t)done[i]++ * w[i].net->input_width, 1),
            "push");
    }
    for (uint32_t i = 0; i < SESSIONS; i++) {
        float *vectors = vectors_new(&w[i]);
        CHECK(mlm_session_finish(rigs[i].session, vectors) == MLM_OK);
        result_put_vectors(&w[i], got[i], x[i].frames, vectors);
        CHECK(same_bits(got[i], wanted[i], result_floats(&w[i], x[i].frames)));
        free(vectors), free(wanted[i]), free(got[i]), free(x[i].data);
        rig_close(&rigs[i]);
    }
    for (uint32_t i = 0; i < SESSIONS; i += SHARED) world_close(&w[i]);
}

/* Run `x` again in a session that has seen other things. */
static int runs_as_new(rig *r, sequence x, const float *wanted) {
    float *got = result_new(r->w, x.frames), *vectors = vectors_new(r->w);
    result_receive(r, got, x.frames, 0);
    const mlm_status status = mlm_session_run(r->session, x.data, x.inputs, vectors);
    result_put_vectors(r->w, got, x.frames, vectors);
    const int same = status == MLM_OK && same_bits(got, wanted, result_floats(r->w, x.frames));
    free(got), free(vectors);
    return same;
}

static void drop_rows(rig *r) {
    for (uint32_t i = 0; i < r->w->net->output_count; i++)
        (void)mlm_session_receive(r->session, i, NULL, 0);
}

static void reset_forgets_everything(void) {
    for (uint64_t seed = 1; seed <= 150; seed++) {
        world w;
        if (!world_random(&w, seed * 13u, &limits)) continue;
        const uint32_t frames = world_frames(&w);
        const sequence noise = sequence_of(&w, frames), x = sequence_of(&w, frames);
        float *wanted = result_new(&w, frames);
        CHECK(way_run(&w, stream_of(&w, 1, frames), x, wanted) == NULL);
        rig r = rig_open(&w, stream_of(&w, 4, frames), 0x42);
        const uint32_t few = rng_below(&w.random, noise.inputs + 1);
        CHECK(mlm_session_push(r.session, noise.data, few) == MLM_OK);
        mlm_session_reset(r.session);
        CHECK_EQUAL(mlm_session_frames(r.session), 0);
        CHECK_EQUAL(mlm_session_inputs(r.session), 0);
        CHECK(mlm_session_finish(r.session, NULL) == MLM_ERR_FRAMES);
        CHECK(runs_as_new(&r, x, wanted));
        drop_rows(&r); /* those of this run go nowhere */
        CHECK(mlm_session_run(r.session, noise.data, noise.inputs, NULL) == MLM_OK);
        CHECK(runs_as_new(&r, x, wanted));
        const mlm_status tested = mlm_session_self_test(r.session);
        CHECK(tested == MLM_OK || tested == MLM_ERR_FRAMES);
        CHECK(runs_as_new(&r, x, wanted));
        rig_close(&r);
        free(noise.data), free(x.data), free(wanted);
        world_close(&w);
    }
}

/* In the middle of a feed, of the end, of any stage. */
static void reset_in_the_middle_of_steps(void) {
    for (uint64_t seed = 1; seed <= 150; seed++) {
        world w;
        if (!world_random(&w, seed * 19u, &limits)) continue;
        const uint32_t frames = world_frames(&w);
        const sequence x = sequence_of(&w, frames);
        float *wanted = result_new(&w, frames);
        CHECK(way_run(&w, stream_of(&w, 1, frames), x, wanted) == NULL);
        rig r = rig_open(&w, layer_of(frames), 0x42);
        uint32_t first = x.inputs;
        const uint64_t tile = (uint64_t)frames * net_inputs_per_frame(w.net);
        if (first > tile) first = (uint32_t)tile;
        CHECK(mlm_session_feed(r.session, x.data, first) == MLM_OK);
        for (uint32_t steps = rng_below(&w.random, 40); steps > 0; steps--)
            if (mlm_session_step(r.session, NULL) == MLM_DONE &&
                mlm_session_feed_end(r.session) != MLM_OK)
                break;
        mlm_session_reset(r.session);
        CHECK(mlm_session_step(r.session, NULL) == MLM_DONE);
        CHECK(runs_as_new(&r, x, wanted));
        rig_close(&r);
        free(x.data), free(wanted);
        world_close(&w);
    }
}

/* Finishing ends a network that looks ahead, until it is reset. */
static void ended_sessions(void) {
    world w;
    open_or_exit(&w, network_centred());
    CHECK(w.info.looks_ahead);
    const sequence x = sequence_of(&w, 9);
    float *wanted = result_new(&w, 9);
    CHECK(way_run(&w, stream_of(&w, 1, 9), x, wanted) == NULL);
    rig r = rig_open(&w, stream_of(&w, 2, 9), 0);
    const uint32_t bytes = mlm_session_state_bytes(r.session);
    unsigned char *state = aligned_block(bytes);
    CHECK(mlm_session_push(r.session, x.data, 6) == MLM_OK);
    CHECK(mlm_session_save_state(r.session, state, bytes) == MLM_OK);
    CHECK(mlm_session_finish(r.session, NULL) == MLM_OK);
    FAILS(MLM_ERR_ENDED, mlm_session_push(r.session, x.data, 1));
    FAILS(MLM_ERR_ENDED, mlm_session_push(r.session, NULL, 0));
    FAILS(MLM_ERR_ENDED, mlm_session_feed(r.session, x.data, 1));
    FAILS(MLM_ERR_ENDED, mlm_session_feed_end(r.session));
    FAILS(MLM_ERR_ENDED, mlm_session_finish(r.session, NULL));
    FAILS(MLM_ERR_ENDED, mlm_session_save_state(r.session, state, bytes));
    CHECK_EQUAL(mlm_session_frames(r.session), 6);
    CHECK(runs_as_new(&r, x, wanted)); /* run resets */
    FAILS(MLM_ERR_ENDED, mlm_session_push(r.session, x.data, 1));
    CHECK(mlm_session_load_state(r.session, state, bytes) == MLM_OK); /* so does this */
    drop_rows(&r);
    CHECK(mlm_session_push(r.session, (float *)x.data + 6 * 5, 3) == MLM_OK);
    float last[5];
    CHECK(mlm_session_finish(r.session, last) == MLM_OK);
    CHECK(same_bits(last, wanted, 5));
    CHECK(mlm_session_self_test(r.session) == MLM_OK);
    CHECK(mlm_session_push(r.session, x.data, 1) == MLM_OK);
    rig_close(&r);
    free(state), free(x.data), free(wanted);
    world_close(&w);
}

/* ---- rows that are received ----------------------------------------------------------------------- */

static void room_for_rows(void) {
    world w;
    open_or_exit(&w, network_of_lengths());
    const sequence x = sequence_of(&w, 12);
    float rows[8 * 5], vectors[5];
    rig r = rig_open(&w, stream_of(&w, 3, 12), 0);
    FAILS(MLM_ERR_ARGUMENT, mlm_session_receive(r.session, 1, NULL, 1));
    CHECK(mlm_session_receive(r.session, 1, rows, 4) == MLM_OK);
    FAILS(MLM_ERR_OUTPUT, mlm_session_push(r.session, x.data, 6));
    CHECK(mlm_session_push(r.session, x.data, 5) == MLM_OK); /* two pairs */
    CHECK_EQUAL(mlm_session_received(r.session, 1), 4);
    CHECK_EQUAL(mlm_session_received(r.session, 0), 0);
    CHECK_EQUAL(mlm_session_received(r.session, 2), 0);
    FAILS(MLM_ERR_OUTPUT, mlm_session_push(r.session, x.data, 1));
    FAILS(MLM_ERR_OUTPUT, mlm_session_feed(r.session, x.data, 1));
    FAILS(MLM_ERR_OUTPUT, mlm_session_run(r.session, x.data, 6, vectors));
    FAILS(MLM_ERR_LENGTH, mlm_session_finish(r.session, vectors));
    CHECK(mlm_session_receive(r.session, 1, rows, 0) == MLM_OK); /* room for none */
    FAILS(MLM_ERR_OUTPUT, mlm_session_push(r.session, x.data, 1));
    CHECK(mlm_session_receive(r.session, 1, NULL, 0) == MLM_OK); /* none are wanted */
    CHECK(mlm_session_push(r.session, x.data, 5) == MLM_OK);
    CHECK_EQUAL(mlm_session_received(r.session, 1), 6);
    CHECK(mlm_session_finish(r.session, vectors) == MLM_OK);
    mlm_session_reset(r.session);
    CHECK_EQUAL(mlm_session_received(r.session, 1), 0);
    rig_close(&r);
    free(x.data);
    world_close(&w);
}

/* Rows of a later stage, and of an op that looks ahead, come at the end: room is checked before it begins. */
static void room_for_rows_at_the_end(void) {
    network *(*const made[])(void) = {network_backwards, network_centred};
    const uint32_t outputs[] = {0, 1}, pushed[] = {0, 5};
    for (uint32_t k = 0; k < 2; k++) {
        world w;
        open_or_exit(&w, made[k]());
        const uint32_t width = net_width(w.net, w.net->outputs[outputs[k]]);
        const sequence x = sequence_of(&w, 7);
        float *rows = calloc(7 * width, sizeof *rows), vectors[5];
        if (!rows) exit(2);
        rig r = rig_open(&w, stream_of(&w, 2, 7), 0);
        CHECK(mlm_session_receive(r.session, outputs[k], rows, 6) == MLM_OK);
        CHECK(mlm_session_push(r.session, x.data, 7) == MLM_OK);
        CHECK_EQUAL(mlm_session_received(r.session, outputs[k]), pushed[k]);
        CHECK_EQUAL(mlm_output_rows_pushed(&w.model, outputs[k], 7), pushed[k]);
        FAILS(MLM_ERR_OUTPUT, mlm_session_finish(r.session, vectors));
        FAILS(MLM_ERR_OUTPUT, mlm_session_feed_end(r.session));
        FAILS(MLM_ERR_OUTPUT, mlm_session_run(r.session, x.data, 7, vectors));
        CHECK(mlm_session_receive(r.session, outputs[k], rows, 7 - pushed[k]) == MLM_OK);
        CHECK(mlm_session_finish(r.session, vectors) == MLM_OK);
        CHECK_EQUAL(mlm_session_received(r.session, outputs[k]), 7 - pushed[k]);
        rig_close(&r);
        free(rows), free(x.data);
        world_close(&w);
    }
}

/* ---- memory --------------------------------------------------------------------------------------- */

/* One past the last byte of the arena that a run changes: found with two poisons, since a byte may
 * happen to be written with its own poison. */
static uint32_t high_water(const world *w, mlm_options options, sequence x) {
    static const unsigned char poisons[] = {0xA5, 0x5A};
    uint32_t mark = 0;
    for (size_t i = 0; i < 2; i++) {
        rig r = rig_open(w, options, poisons[i]);
        CHECK(mlm_session_run(r.session, x.data, x.inputs, NULL) == MLM_OK);
        for (uint32_t at = mark; at < r.plan.arena_bytes; at++)
            if (r.arena[at] != poisons[i]) mark = at + 1u;
        rig_close(&r);
    }
    return mark;
}

static uint32_t planned_bytes(const world *w, mlm_options options) {
    uint32_t bytes = 0;
    must(mlm_arena_bytes(&w->model, &options, &bytes), "arena_bytes");
    return bytes;
}

static void the_plan_is_the_peak(void) {
    network *(*const made[])(void) = {network_backwards, network_audio, network_tokens};
    for (size_t k = 0; k < 4; k++) {
        world w;
        const uint32_t frames = 100;
        open_or_exit(&w, k == 3 ? network_paper(40, 64, 10) : made[k]());
        const sequence x = sequence_of(&w, frames);
        const mlm_options all[] = {stream_of(&w, 1, frames), stream_of(&w, 4, frames),
                                   stream_of(&w, 8, frames), layer_of(frames), unfused_of(frames)};
        for (size_t i = 0; i < sizeof all / sizeof *all; i++)
            /* Buffers end on multiples of MLM_ALIGNMENT; the padding behind the last element of the
             * highest one is the only thing that may stay untouched. */
            CHECK_EQUAL(mlm_round_up(high_water(&w, all[i], x), MLM_ALIGNMENT),
                        planned_bytes(&w, all[i]));
        free(x.data);
        world_close(&w);
    }
}

/* No more than what is planned is used by anything (guards), and all of it but the padding of the last row;
 * where rows come at another pace than frames, their number in a tick is the largest there may be. */
static void arenas_of_random_networks(void) {
    enum { ROW_PADDING = 28 };
    for (uint64_t seed = 1; seed <= 600; seed++) {
        world w;
        if (!world_random(&w, seed * 101u, &limits)) continue;
        const uint32_t frames = world_frames(&w);
        const sequence x = sequence_of(&w, frames);
        const mlm_options all[] = {stream_of(&w, 1, frames), layer_of(frames), unfused_of(frames)};
        for (size_t i = 0; i < 3; i++) {
            const uint32_t mark = high_water(&w, all[i], x), planned = planned_bytes(&w, all[i]);
            if (w.net->clock_count > 0 || mark + ROW_PADDING >= planned) continue;
            CHECK_MESSAGE(0, "schedule %u: %u bytes touched, %u planned", all[i].schedule, mark,
                          planned);
            world_explain(&w, "high-water mark", frames);
        }
        free(x.data);
        world_close(&w);
    }
}

static void arena_too_small_or_misaligned(void) {
    for (uint64_t seed = 1; seed <= 80; seed++) {
        world w;
        if (!world_random(&w, seed * 17u, &limits)) continue;
        const uint32_t frames = w.net->max_frames ? w.net->max_frames : 30;
        const mlm_options all[] = {stream_of(&w, 1, frames), stream_of(&w, 6, frames),
                                   layer_of(frames), unfused_of(frames)};
        for (size_t i = 0; i < 4; i++) {
            const uint32_t bytes = planned_bytes(&w, all[i]);
            unsigned char *room = aligned_block(bytes + 32u), *before = malloc(bytes + 32u);
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
            free(room), free(before);
        }
        world_close(&w);
    }
}

static void blobs_are_never_written(void) {
    for (uint64_t seed = 1; seed <= 30; seed++) {
        world w;
        if (!world_random(&w, seed, &limits)) continue;
        blob copy = blob_copy(&w.b, w.b.size);
        const sequence x = sequence_of(&w, world_frames(&w));
        float *result = result_new(&w, x.frames);
        CHECK(way_moves(&w, x, result) == NULL);
        CHECK(!memcmp(copy.bytes, w.b.bytes, w.b.size));
        blob_free(&copy);
        free(x.data), free(result);
        world_close(&w);
    }
}

int main(int argc, char **argv) {
    if (argc == 3 && !strcmp(argv[1], "--only")) harness.only = argv[2];
    RUN(sequences_beyond_16_bits);
    RUN(sessions_side_by_side);
    RUN(reset_forgets_everything);
    RUN(reset_in_the_middle_of_steps);
    RUN(ended_sessions);
    RUN(room_for_rows);
    RUN(room_for_rows_at_the_end);
    RUN(the_plan_is_the_peak);
    RUN(arenas_of_random_networks);
    RUN(arena_too_small_or_misaligned);
    RUN(blobs_are_never_written);
    return harness_end();
}
