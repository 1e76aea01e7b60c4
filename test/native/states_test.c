/*
 * states_test.c - saved states that are damaged or of another model, and self-tests: what differs in one bit is
 * found.
 */
#include "fails.h"

static void open_or_exit(world *w, network *net) {
    if (!world_open(w, net)) exit(2);
}

static void damaged_states(void) {
    world w, other;
    network *same_sizes = network_backwards();
    same_sizes->has_labels = 0;
    same_sizes->tensors[0].w[0] += 1.0f; /* other weights */
    open_or_exit(&w, network_backwards());
    open_or_exit(&other, same_sizes);
    const sequence x = sequence_of(&w, 9);
    rig r = rig_open(&w, stream_of(&w, 2, 9), 0), s = rig_open(&other, stream_of(&w, 2, 9), 0);
    const uint32_t bytes = mlm_session_state_bytes(r.session);
    unsigned char *state = malloc(bytes + 16u);
    if (!state) exit(2);
    CHECK_EQUAL(mlm_session_state_bytes(s.session), bytes);
    CHECK(mlm_session_push(r.session, x.data, 9) == MLM_OK);
    CHECK(mlm_session_save_state(r.session, state, bytes) == MLM_OK);
    FAILS(MLM_ERR_STATE, mlm_session_load_state(r.session, state, bytes - 1u));
    FAILS(MLM_ERR_STATE, mlm_session_load_state(r.session, state, bytes + 1u));
    FAILS(MLM_ERR_STATE, mlm_session_load_state(r.session, state, 0));
    for (uint32_t at = 0; at < bytes; at++) {
        state[at] ^= (unsigned char)(1u << (at % 8u));
        FAILS(MLM_ERR_STATE, mlm_session_load_state(r.session, state, bytes));
        state[at] ^= (unsigned char)(1u << (at % 8u));
    }
    CHECK(mlm_session_load_state(s.session, state, bytes) == MLM_ERR_STATE);
    CHECK(mlm_session_load_state(r.session, state, bytes) == MLM_OK);
    rig_close(&r);
    rig_close(&s);
    r = rig_open(&w, stream_of(&w, 2, 8), 0); /* another max_frames is another state */
    FAILS(MLM_ERR_STATE, mlm_session_load_state(r.session, state, bytes));
    rig_close(&r);
    free(state), free(x.data);
    world_close(&w), world_close(&other);
}

static void self_tests(void) {
    network *(*const made[])(void) = {network_backwards, network_centred, network_audio};
    for (size_t k = 0; k < 3; k++) {
        world w;
        open_or_exit(&w, made[k]());
        const mlm_options all[] = {stream_of(&w, 1, 9), stream_of(&w, 4, 9), layer_of(9),
                                   unfused_of(9)};
        const sequence x = sequence_of(&w, 3);
        for (size_t i = 0; i < 4; i++) {
            rig r = rig_open(&w, all[i], 0);
            CHECK(mlm_session_self_test(r.session) == MLM_OK);
            CHECK(mlm_session_push(r.session, x.data, x.inputs) == MLM_OK);
            CHECK(mlm_session_self_test(r.session) == MLM_OK);
            CHECK_EQUAL(mlm_session_inputs(r.session), 0);
            rig_close(&r);
        }
        rig r = rig_open(&w, layer_of(2), 0); /* the vector has more frames */
        FAILS(MLM_ERR_FRAMES, mlm_session_self_test(r.session));
        rig_close(&r);

        const mlm_blob_header *header = (const mlm_blob_header *)(const void *)w.b.bytes;
        const uint32_t floats = result_floats(&w, net_frames_of(w.net, header->self_test_inputs));
        for (uint32_t i = 0; i < floats; i++) {
            unsigned char *value = w.b.bytes + header->self_test_outputs + 4u * i;
            *value ^= 1u;
            blob_fix_crc(w.b.bytes, w.b.size);
            CHECK(mlm_model_open(&w.model, w.b.bytes, w.b.size, NULL) == MLM_OK);
            r = rig_open(&w, all[i % 4], 0);
            CHECK_MESSAGE(mlm_session_self_test(r.session) == MLM_ERR_SELF_TEST,
                          "output %u of %u differs, and nobody sees it", i, floats);
            *value ^= 1u;
            blob_fix_crc(w.b.bytes, w.b.size);
            CHECK(mlm_session_self_test(r.session) == MLM_OK);
            rig_close(&r);
        }
        free(x.data);
        world_close(&w);
    }
    world w;
    open_or_exit(&w, network_tokens()); /* has no self-test */
    rig r = rig_open(&w, stream_of(&w, 1, 0), 0);
    FAILS(MLM_ERR_FRAMES, mlm_session_self_test(r.session));
    rig_close(&r);
    world_close(&w);
}

int main(int argc, char **argv) {
    if (argc == 3 && !strcmp(argv[1], "--only")) harness.only = argv[2];
    RUN(damaged_states);
    RUN(self_tests);
    return harness_end();
}
