/*
 * endless_test.c - sessions that forget inputs go on with the bits of those that have not; and 2^32 inputs and a
 * million more, pushed one tile at a time, are answered as the first ones were.
 */
#include "core/session.h"
#include "fails.h"
#include "mlm_detector.h"

enum { NETWORKS = 400 };

/* Moves a session's counts as far on as forgetting would take them back, several times. */
static void move_on(mlm_session *session, uint32_t forgotten, uint32_t times) {
    session->inputs += forgotten * times;
    mlm_set_clocks(session, mlm_frames_of(&session->model, session->inputs));
}

/* What is forgotten at once of this model's sessions. */
static uint32_t forgotten_of(const rig *r) {
    mlm_session_reset(r->session);
    r->session->inputs = 1u << 31;
    mlm_set_clocks(r->session, mlm_frames_of(&r->session->model, r->session->inputs));
    const uint32_t forgotten = mlm_session_forget(r->session);
    mlm_session_reset(r->session);
    return forgotten;
}

static void compare_sessions(world *w, uint32_t seed) {
    const uint32_t frames = 40 + seed % 37, more = 1 + seed % 61;
    rig a = rig_open(w, stream_of(w, 1 + seed % 5, 0), 0),
        b = rig_open(w, stream_of(w, 1 + seed % 5, 0), 1);
    const sequence x = sequence_of(w, frames), y = sequence_of(w, more);
    const uint32_t forgotten = forgotten_of(&b);
    const uint32_t times = 1 + ((1u << 31) - 1) / (forgotten ? forgotten : 1);
    float *rows[2] = {result_new(w, frames + more), result_new(w, frames + more)};
    CHECK(forgotten > 0 && forgotten <= 1u << 30);
    rig *rigs[] = {&a, &b};
    for (int i = 0; i < 2; i++) {
        must(mlm_session_push(rigs[i]->session, x.data, x.inputs), "push");
        if (i == 1) {
            move_on(b.session, forgotten, times);
            const uint32_t again = mlm_session_forget(b.session);
            CHECK_EQUAL(again, forgotten);
        }
        result_receive(rigs[i], rows[i], frames + more, 0);
        must(mlm_session_push(rigs[i]->session, y.data, y.inputs), "push");
    }
    const size_t floats = result_floats(w, frames + more);
    if (!CHECK_MESSAGE(same_bits(rows[0], rows[1], floats), "seed %u", seed))
        world_explain(w, "forgetting changed the bits", frames + more);
    free(rows[0]), free(rows[1]), free(x.data), free(y.data);
    rig_close(&a), rig_close(&b);
}

static void forgetting(void) {
    uint32_t compared = 0;
    for (uint32_t seed = 1; seed <= NETWORKS; seed++) {
        world w;
        const net_limits limits = {3 + seed % 9, 12, 0};
        if (!world_random(&w, seed, &limits)) continue;
        if (mlm_model_is_endless(&w.model) && w.info.min_frames < 40) {
            compare_sessions(&w, seed);
            compared++;
        }
        world_close(&w);
    }
    CHECK_MESSAGE(compared >= NETWORKS / 20, "%u networks", compared);
    printf("    %u networks\n", compared);
}

/* ---- 2^32 inputs ------------------------------------------------------------------------------------ */

/* A minute there, many in the other builds: one of them is enough, as the bits of all are the same. */
#if defined __OPTIMIZE__ && !defined __clang__ && !defined MLM_NO_SIMD && \
    !defined __SANITIZE_ADDRESS__
#define IS_FAST 1
#else
#define IS_FAST 0
#endif

#if IS_FAST

enum { BUFFER = 1 << 16, HOP = 1 << 12, HEARD = 1 << 8, TILE = 1 << 12, CLASSES = 3, BLOCKS = 3 };

static net_op window_pool_of(uint32_t value, uint32_t window, uint32_t stride) {
    net_op pool = op_of(WINDOW_POOL, 1, value);
    pool.attributes[0] = window;
    pool.attributes[1] = stride;
    return pool;
}

static network *small_network(void) {
    network *net = network_new(MLM_INPUT_FRAMES, 1, 21);
    uint32_t x = network_add(net, window_pool_of(0, HEARD, HOP));
    x = network_add(net, window_pool_of(x, BLOCKS, 1));
    x = network_add_linear(net, x, CLASSES, 1);
    network_add_output(net, network_add(net, op_of(SOFTMAX, 0, x)));
    return net;
}

typedef struct heard {
    uint64_t count, last;
    uint32_t sum; /* of labels and confidence bits of the events of a buffer */
} heard;

static void hear(void *context, const mlm_detection *detection) {
    heard *all = context;
    all->count++;
    all->sum = all->sum * 31u + detection->label + f32_bits(detection->confidence);
    all->last = detection->inputs;
}

static void four_billion_inputs(void) {
    static float inputs[BUFFER];
    static const float thresholds[CLASSES] = {0.2f, 0.2f, 0.2f};
    const uint64_t all = (1ull << 32) + 1000000;
    world w;
    rng random = {5};
    uint32_t bytes;
    void *memory;
    mlm_detector *detector;
    heard events = {0, 0, 0};
    if (!world_open(&w, small_network())) exit(2);
    for (uint32_t i = 0; i < BUFFER; i++) inputs[i] = rng_signed(&random);
    const mlm_detector_options options = {
        .model = &w.model, .tile = TILE, .smooth = 2, .hold_off = 1, .thresholds = thresholds};
    must(mlm_detector_bytes(&options, &bytes), "mlm_detector_bytes");
    memory = aligned_alloc(MLM_ALIGNMENT, bytes);
    if (!memory) exit(2);
    must(mlm_detector_init(&detector, &options, memory, bytes), "mlm_detector_init");
    uint32_t steady = 0;
    for (uint64_t pushed = 0; pushed < all; pushed += BUFFER) {
        events.sum = 0;
        if (mlm_detector_push(detector, inputs, BUFFER, hear, &events) != MLM_OK) {
            CHECK_MESSAGE(0, "refused after %llu inputs", (unsigned long long)pushed);
            break;
        }
        if (pushed == BUFFER) steady = events.sum; /* of the second buffer: windows are full */
        if (pushed > BUFFER && events.sum != steady) {
            CHECK_MESSAGE(0, "other events after %llu inputs", (unsigned long long)pushed);
            break;
        }
    }
    CHECK_EQUAL(mlm_detector_answers(detector),
                (all + BUFFER - 1) / BUFFER * (BUFFER / HOP) - BLOCKS + 1);
    CHECK(events.count > 0 && events.last > 1ull << 32);
    free(memory);
    world_close(&w);
}

#endif

int main(int argc, char **argv) {
    harness.only = argc > 1 ? argv[1] : 0;
    RUN(forgetting);
#if IS_FAST
    RUN(four_billion_inputs);
#endif
    return harness_end();
}
