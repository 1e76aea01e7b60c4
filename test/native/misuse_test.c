/*
 * misuse_test.c - every error of every function of mlm.h and mlm_inspect.h that has to do with a session:
 * its status, and nothing changed.
 */
#include "fails.h"

static void open_or_exit(world *w, network *net) {
    if (!world_open(w, net)) exit(2);
}

static void null_arguments(void) {
    world w;
    open_or_exit(&w, network_paper(5, 14, 6));
    const sequence x = sequence_of(&w, 4);
    float vectors[6];
    mlm_session *session;
    const mlm_options options = stream_of(&w, 1, 4);
    rig r = rig_open(&w, options, 0);
    unsigned char state[16384];
    uint32_t bytes = mlm_session_state_bytes(r.session);
    FAILS(MLM_ERR_ARGUMENT, mlm_session_init(NULL, &w.model, &options, r.arena, 65536));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_init(&session, NULL, &options, r.arena, 65536));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_init(&session, &w.model, NULL, r.arena, 65536));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_init(&session, &w.model, &options, NULL, 65536));
    FAILS(MLM_ERR_ARGUMENT, mlm_arena_bytes(NULL, &options, &bytes));
    FAILS(MLM_ERR_ARGUMENT, mlm_arena_bytes(&w.model, NULL, &bytes));
    FAILS(MLM_ERR_ARGUMENT, mlm_arena_bytes(&w.model, &options, NULL));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_push(NULL, x.data, 1));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_push(r.session, NULL, 1));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_push(r.session, (const char *)x.data + 2, 1));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_finish(NULL, vectors));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_run(NULL, x.data, 1, vectors));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_run(r.session, NULL, 1, vectors));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_run(r.session, (const char *)x.data + 1, 1, vectors));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_receive(NULL, 0, vectors, 1));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_receive(r.session, 0, vectors, 1)); /* a vector */
    FAILS(MLM_ERR_ARGUMENT, mlm_session_receive(r.session, 1, vectors, 1)); /* there is none */
    FAILS(MLM_ERR_ARGUMENT, mlm_session_receive(r.session, 0xFFFFFFFFu, vectors, 1));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_feed(NULL, x.data, 1));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_feed(r.session, NULL, 1));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_feed(r.session, x.data, 0));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_feed(r.session, x.data, 2)); /* more than a tile */
    FAILS(MLM_ERR_ARGUMENT, mlm_session_feed_end(NULL));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_step(NULL, NULL));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_repeat(NULL, 1));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_vectors(NULL, vectors));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_vectors(r.session, NULL));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_self_test(NULL));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_save_state(NULL, state, bytes));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_save_state(r.session, NULL, bytes));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_save_state(r.session, state, bytes - 1u));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_save_state(r.session, state, bytes + 1u));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_load_state(NULL, state, bytes));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_load_state(r.session, NULL, bytes));
    CHECK(mlm_session_push(r.session, x.data, 4) == MLM_OK);
    CHECK(mlm_session_push(r.session, NULL, 0) == MLM_OK);
    CHECK(mlm_session_finish(r.session, NULL) == MLM_OK);
    CHECK(mlm_session_run(r.session, x.data, 4, NULL) == MLM_OK);
    rig_close(&r);
    free(x.data);
    world_close(&w);
}

static void numbers_of_frames(void) {
    world w;
    open_or_exit(&w, network_paper(5, 14, 6));
    const sequence x = sequence_of(&w, 20);
    float vectors[6] = {7, 7, 7, 7, 7, 7};
    rig r = rig_open(&w, stream_of(&w, 2, 20), 0);
    FAILS(MLM_ERR_FRAMES, mlm_session_finish(r.session, vectors));
    FAILS(MLM_ERR_FRAMES, mlm_session_feed_end(r.session));
    FAILS(MLM_ERR_FRAMES, mlm_session_run(r.session, x.data, 0, vectors));
    CHECK(mlm_session_push(r.session, x.data, 0) == MLM_OK);
    CHECK(mlm_session_push(r.session, x.data, 5) == MLM_OK);
    FAILS(MLM_ERR_FRAMES, mlm_session_run(r.session, x.data, 0, vectors));
    FAILS(MLM_ERR_FRAMES, mlm_session_push(r.session, x.data, 0xFFFFFFFBu));
    CHECK_EQUAL(mlm_session_frames(r.session), 5);
    CHECK(vectors[0] == 7.0f);
    rig_close(&r);
    const mlm_options all[] = {layer_of(10), unfused_of(10)};
    for (size_t i = 0; i < 2; i++) {
        r = rig_open(&w, all[i], 0);
        FAILS(MLM_ERR_FRAMES, mlm_session_push(r.session, x.data, 11));
        FAILS(MLM_ERR_FRAMES, mlm_session_run(r.session, x.data, 11, vectors));
        FAILS(MLM_ERR_FRAMES, mlm_session_push(r.session, x.data, 0xFFFFFFFFu));
        CHECK(mlm_session_push(r.session, x.data, 7) == MLM_OK);
        FAILS(MLM_ERR_FRAMES, mlm_session_push(r.session, x.data, 4));
        FAILS(MLM_ERR_FRAMES, mlm_session_feed(r.session, x.data, 4));
        CHECK(mlm_session_push(r.session, x.data, 3) == MLM_OK);
        FAILS(MLM_ERR_FRAMES, mlm_session_push(r.session, x.data, 1));
        CHECK(mlm_session_push(r.session, x.data, 0) == MLM_OK);
        CHECK(mlm_session_finish(r.session, vectors) == MLM_OK);
        CHECK(mlm_session_run(r.session, x.data, 10, vectors) == MLM_OK);
        rig_close(&r);
    }
    free(x.data);
    world_close(&w);
}

/* What a network is defined for: fewest and most frames, and lengths at which branches meet. */
static void lengths_of_the_network(void) {
    world w;
    float vectors[5] = {7};
    network *net = network_of_lengths();
    net->max_frames = 8;
    open_or_exit(&w, net);
    const sequence x = sequence_of(&w, 9);
    rig r = rig_open(&w, stream_of(&w, 3, 8), 0);
    FAILS(MLM_ERR_FRAMES, mlm_session_run(r.session, x.data, 9, vectors));
    FAILS(MLM_ERR_FRAMES, mlm_session_run(r.session, x.data, 1, vectors));
    for (uint32_t frames = 2; frames <= 8; frames++) {
        if (frames % 2)
            FAILS(MLM_ERR_LENGTH, mlm_session_run(r.session, x.data, frames, vectors));
        else
            CHECK(mlm_session_run(r.session, x.data, frames, vectors) == MLM_OK);
    }
    mlm_session_reset(r.session);
    vectors[0] = 7;
    for (uint32_t frames = 1; frames <= 8; frames++) {
        CHECK(mlm_session_push(r.session, (float *)x.data + (frames - 1) * 3, 1) == MLM_OK);
        const mlm_status wanted = frames == 1  ? MLM_ERR_FRAMES
                                  : frames % 2 ? MLM_ERR_LENGTH
                                               : MLM_OK;
        if (wanted == MLM_OK) continue;
        FAILS(wanted, mlm_session_finish(r.session, vectors));
        FAILS(wanted, mlm_session_feed_end(r.session));
    }
    CHECK(vectors[0] == 7.0f);
    FAILS(MLM_ERR_FRAMES, mlm_session_push(r.session, x.data, 1));
    rig_close(&r);
    const mlm_options longer[] = {layer_of(9), {MLM_SCHEDULE_STREAM, 1, 9}};
    uint32_t bytes;
    for (size_t i = 0; i < 2; i++)
        CHECK(mlm_arena_bytes(&w.model, &longer[i], &bytes) == MLM_ERR_ARGUMENT);
    free(x.data);
    world_close(&w);
}

static void numbers_of_samples(void) {
    world w;
    open_or_exit(&w, network_audio());
    float *input = network_random_input(w.net, &w.random, 100);
    float vectors[6] = {7, 7, 7, 7, 7, 7}, wanted[6];
    rig r = rig_open(&w, stream_of(&w, 1, 0), 0);
    CHECK(mlm_session_run(r.session, input, 13, wanted) == MLM_OK);
    rig_close(&r);
    r = rig_open(&w, stream_of(&w, 2, 0), 0);
    FAILS(MLM_ERR_FRAMES, mlm_session_run(r.session, input, 0, vectors));
    FAILS(MLM_ERR_FRAMES, mlm_session_run(r.session, input, 11, vectors));
    CHECK(mlm_session_push(r.session, input, 11) == MLM_OK);
    CHECK_EQUAL(mlm_session_frames(r.session), 0);
    CHECK_EQUAL(mlm_session_inputs(r.session), 11);
    FAILS(MLM_ERR_FRAMES, mlm_session_finish(r.session, vectors));
    FAILS(MLM_ERR_FRAMES, mlm_session_feed_end(r.session));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_push(r.session, (const char *)input + 2, 2));
    CHECK(vectors[0] == 7.0f);
    /* A refused run forgets nothing: these are the twelfth and the thirteenth. */
    CHECK(mlm_session_push(r.session, input + 11, 2) == MLM_OK);
    CHECK_EQUAL(mlm_session_frames(r.session), 1);
    CHECK(mlm_session_finish(r.session, vectors) == MLM_OK);
    CHECK(same_bits(vectors, wanted, 6));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_feed(r.session, input, 11)); /* a tile: 2 hops */
    CHECK(mlm_session_feed(r.session, input, 10) == MLM_OK);
    FAILS(MLM_ERR_BUSY, mlm_session_push(r.session, input, 1));
    while (mlm_session_step(r.session, NULL) == MLM_OK) continue;
    CHECK_EQUAL(mlm_session_frames(r.session), 3);
    CHECK(mlm_session_self_test(r.session) == MLM_OK);
    CHECK_EQUAL(mlm_session_inputs(r.session), 0);
    rig_close(&r);

    /* 4 frames begin 5 apart: 27 samples make them, and 4 more make no fifth. */
    const mlm_options all[] = {layer_of(4), unfused_of(4)};
    for (size_t i = 0; i < 2; i++) {
        r = rig_open(&w, all[i], 0);
        FAILS(MLM_ERR_FRAMES, mlm_session_push(r.session, input, 32));
        FAILS(MLM_ERR_FRAMES, mlm_session_run(r.session, input, 32, vectors));
        CHECK(mlm_session_run(r.session, input, 31, vectors) == MLM_OK);
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
    r = rig_open(&w, layer_of(2), 0); /* the self-test's 23 samples are 3 frames */
    FAILS(MLM_ERR_FRAMES, mlm_session_self_test(r.session));
    rig_close(&r);
    free(input);
    world_close(&w);
}

/* ---- the last inputs that can be counted ---------------------------------------------------------- */

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
    const uint32_t limit = 0xFFFFFFFFu;
    for (int kind = 0; kind < 2; kind++) {
        world w;
        open_or_exit(&w, kind ? network_audio() : network_paper(5, 14, 6));
        float *input = network_random_input(w.net, &w.random, 40);
        float vectors[6];
        rig r = rig_open(&w, stream_of(&w, 3, 0), 0);
        const uint32_t bytes = mlm_session_state_bytes(r.session);
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
            CHECK_EQUAL(mlm_session_frames(r.session), kind == 1 ? (limit - 12u) / 5u + 1u : limit);
            FAILS(MLM_ERR_FRAMES, mlm_session_push(r.session, input, 1));
            FAILS(MLM_ERR_FRAMES, mlm_session_feed(r.session, input, 1));
            CHECK(mlm_session_finish(r.session, vectors) == MLM_OK);
        }
        rig_close(&r);
        r = rig_open(&w, layer_of(100), 0);
        FAILS(MLM_ERR_FRAMES, mlm_session_load_state(r.session, state, bytes));
        rig_close(&r);
        free(state), free(input);
        world_close(&w);
    }
}

/* Where rows run ahead of frames, or have to be flushed, the limit is what they can be counted to. */
static void the_last_rows_that_can_be_counted(void) {
    static const uint32_t limits[] = {0xFFFFFFFDu / 3u, 0xFFFFFFFCu, 0xFFFFFFFDu};
    for (uint32_t kind = 0; kind < 3; kind++) {
        world w;
        network *net = network_new(MLM_INPUT_FRAMES, 3, 5);
        net_op op = op_of(kind == 0 ? UPSAMPLE : kind == 1 ? CAUSAL_CONV : INSERT_ROW, 0, 0);
        op.attributes[0] = kind == 2 ? MLM_INSERT_END : 3;
        op.attributes[1] = kind == 1 ? 2 : 0;
        const uint32_t y = network_add(net, op);
        network_add_output(net, network_add(net, op_of(POOL, 1, y)));
        open_or_exit(&w, net);
        float *input = network_random_input(w.net, &w.random, 40), vectors[3];
        rig r = rig_open(&w, stream_of(&w, 3, 0), 0);
        const uint32_t bytes = mlm_session_state_bytes(r.session), limit = limits[kind];
        unsigned char *state = malloc(bytes);
        if (!state) exit(2);
        CHECK(mlm_session_push(r.session, input, 15) == MLM_OK);
        CHECK(mlm_session_save_state(r.session, state, bytes) == MLM_OK);
        uint32_t most = 0; /* that may be loaded at all */
        for (uint32_t bit = 1u << 31; bit > 0; bit >>= 1) {
            set_inputs(state, bytes, most | bit);
            if (mlm_session_load_state(r.session, state, bytes) == MLM_OK) most |= bit;
        }
        CHECK_MESSAGE(most <= limit && most > limit - 4, "kind %u: %u, not %u", kind, most, limit);
        set_inputs(state, bytes, most - 5);
        CHECK(mlm_session_load_state(r.session, state, bytes) == MLM_OK);
        FAILS(MLM_ERR_FRAMES, mlm_session_push(r.session, input, 6));
        CHECK(mlm_session_push(r.session, input, 5) == MLM_OK);
        FAILS(MLM_ERR_FRAMES, mlm_session_push(r.session, input, 1));
        CHECK(mlm_session_finish(r.session, vectors) == MLM_OK);
        if (kind == 0) CHECK(same_bits(vectors, input + 4 * 3, 3));
        rig_close(&r);
        free(state), free(input);
        world_close(&w);
    }
}

/* ---- tokens --------------------------------------------------------------------------------------- */

static void tokens_outside_of_the_vocabulary(void) {
    static const int32_t bad[] = {-1, 11, 12, 16, 0x7FFFFFFF, (int32_t)0x80000000};
    world w;
    open_or_exit(&w, network_tokens());
    float vectors[11];
    const mlm_options all[] = {stream_of(&w, 1, 8), stream_of(&w, 3, 8), layer_of(8),
                               unfused_of(8)};
    for (size_t k = 0; k < 4; k++) {
        rig r = rig_open(&w, all[k], 0);
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
            for (uint32_t at = 0; at < 8; at++) {
                int32_t tokens[8] = {0, 10, 3, 4, 5, 6, 7, 8};
                CHECK(mlm_session_run(r.session, tokens, at + 1u, vectors) == MLM_OK);
                tokens[at] = bad[i];
                mlm_session_reset(r.session);
                CHECK(mlm_session_push(r.session, tokens, at) == MLM_OK);
                FAILS(MLM_ERR_TOKEN, mlm_session_push(r.session, tokens + at, 8 - at));
                FAILS(MLM_ERR_TOKEN, mlm_session_run(r.session, tokens, 8, vectors));
                FAILS(MLM_ERR_TOKEN, mlm_session_feed(r.session, tokens + at, 1));
            }
        rig_close(&r);
    }
    world_close(&w);
}

/* ---- busy sessions ------------------------------------------------------------------------------- */

#define ALL_BUSY()                                                            \
    do {                                                                      \
        FAILS(MLM_ERR_BUSY, mlm_session_push(r.session, x.data, 1));          \
        FAILS(MLM_ERR_BUSY, mlm_session_finish(r.session, vectors));          \
        FAILS(MLM_ERR_BUSY, mlm_session_run(r.session, x.data, 6, vectors));  \
        FAILS(MLM_ERR_BUSY, mlm_session_receive(r.session, 0, NULL, 0));      \
        FAILS(MLM_ERR_BUSY, mlm_session_feed(r.session, x.data, 1));          \
        FAILS(MLM_ERR_BUSY, mlm_session_feed_end(r.session));                 \
        FAILS(MLM_ERR_BUSY, mlm_session_vectors(r.session, vectors));         \
        FAILS(MLM_ERR_BUSY, mlm_session_save_state(r.session, state, bytes)); \
        FAILS(MLM_ERR_BUSY, mlm_session_load_state(r.session, state, bytes)); \
        FAILS(MLM_ERR_BUSY, mlm_session_self_test(r.session));                \
    } while (0)

static void busy_sessions(void) {
    world w;
    open_or_exit(&w, network_backwards());
    const sequence x = sequence_of(&w, 8);
    float wanted[4], vectors[4];
    rig r = rig_open(&w, stream_of(&w, 4, 8), 0);
    const uint32_t bytes = mlm_session_state_bytes(r.session);
    unsigned char *state = aligned_block(bytes);
    CHECK(mlm_session_run(r.session, x.data, 6, wanted) == MLM_OK);
    mlm_session_reset(r.session);
    CHECK(mlm_session_save_state(r.session, state, bytes) == MLM_OK);
    CHECK(mlm_session_step(r.session, NULL) == MLM_DONE);
    FAILS(MLM_ERR_FRAMES, mlm_session_feed_end(r.session));
    FAILS(MLM_ERR_ARGUMENT, mlm_session_feed(r.session, x.data, 5)); /* more than a tile */
    CHECK(mlm_session_feed(r.session, x.data, 3) == MLM_OK);
    for (int steps = 0; steps < 3; steps++) {
        ALL_BUSY();
        CHECK(mlm_session_step(r.session, NULL) == MLM_OK);
    }
    while (mlm_session_step(r.session, NULL) == MLM_OK) continue;
    CHECK(mlm_session_push(r.session, (float *)x.data + 3 * 4, 3) == MLM_OK);
    CHECK(mlm_session_feed_end(r.session) == MLM_OK);
    do ALL_BUSY();
    while (mlm_session_step(r.session, NULL) == MLM_OK);
    CHECK(mlm_session_vectors(r.session, vectors) == MLM_OK);
    CHECK(same_bits(vectors, wanted, 4));
    /* A busy session can be reset, and is then as good as new. */
    CHECK(mlm_session_feed(r.session, x.data, 2) == MLM_OK);
    CHECK(mlm_session_step(r.session, NULL) == MLM_OK);
    mlm_session_reset(r.session);
    CHECK(mlm_session_run(r.session, x.data, 6, vectors) == MLM_OK);
    CHECK(same_bits(vectors, wanted, 4));
    rig_close(&r);
    free(state), free(x.data);
    world_close(&w);
}

int main(int argc, char **argv) {
    if (argc == 3 && !strcmp(argv[1], "--only")) harness.only = argv[2];
    RUN(null_arguments);
    RUN(numbers_of_frames);
    RUN(lengths_of_the_network);
    RUN(numbers_of_samples);
    RUN(the_last_inputs_that_can_be_counted);
    RUN(the_last_rows_that_can_be_counted);
    RUN(tokens_outside_of_the_vocabulary);
    RUN(busy_sessions);
    return harness_end();
}
