/*
 * detector_test.c - a detector against sessions driven by hand: the same answers and events, bit for bit, however
 * its inputs are cut, and behind a saved state.
 */
#include "fails.h"

#include "mlm_detector.h"

enum { CLASSES = 4, WINDOW = 20, HOP = 4, BLOCKS = WINDOW / HOP, MOST_EVENTS = 4096 };

/* ---- networks --------------------------------------------------------------------------------------- */

static net_op logmel_of(void) {
    net_op logmel = op_of(LOGMEL, 0, 0);
    const uint32_t form[] = {12, 5, 16, 16000, f32_bits(1e-5f)};
    logmel.width = 7;
    memcpy(logmel.attributes, form, sizeof form);
    return logmel;
}

static net_op window_pool_of(uint32_t value, uint32_t window, uint32_t stride) {
    net_op pool = op_of(WINDOW_POOL, 0, value);
    pool.attributes[0] = window;
    pool.attributes[1] = stride;
    return pool;
}

static uint32_t add_body(network *net, uint32_t x) {
    const block_sizes sizes = {10, 4, 4, 1, 5, BLOCK_CONV_BIAS | BLOCK_DT_BIAS};
    return network_add_block(net, network_add_linear(net, x, 5, 1), &sizes);
}

static void add_head(network *net, uint32_t x) {
    x = network_add_linear(net, x, CLASSES, 1);
    network_add_output(net, network_add(net, op_of(SOFTMAX, 0, x)));
    net->has_labels = 1;
}

/* The state is never reset; features are pooled over the last blocks. */
static network *running_network(int of_audio) {
    network *net =
        network_new(of_audio ? MLM_INPUT_SAMPLES : MLM_INPUT_FRAMES, of_audio ? 1 : 3, 11);
    uint32_t x = add_body(net, of_audio ? network_add(net, logmel_of()) : 0);
    x = network_add(net, window_pool_of(x, HOP, HOP));
    add_head(net, network_add(net, window_pool_of(x, BLOCKS, 1)));
    return net;
}

/* What training saw: windows, from an empty state. */
static network *window_network(uint32_t width) {
    network *net = network_new(MLM_INPUT_FRAMES, width, 12);
    add_head(net, network_add(net, op_of(POOL, 0, add_body(net, 0))));
    return net;
}

static network *front_network(void) {
    network *net = network_new(MLM_INPUT_SAMPLES, 1, 13);
    network_add_output(net, network_add(net, logmel_of()));
    return net;
}

static void open_or_exit(world *w, network *net) {
    if (!world_open(w, net)) exit(2);
}

/* ---- events ----------------------------------------------------------------------------------------- */

typedef struct events {
    uint32_t count;
    mlm_detection list[MOST_EVENTS];
} events;

static void keep(void *context, const mlm_detection *detection) {
    events *kept = context;
    if (kept->count < MOST_EVENTS) kept->list[kept->count] = *detection;
    kept->count++;
}

static int same_events(const events *a, const events *b) {
    if (a->count != b->count) return 0;
    for (uint32_t i = 0; i < a->count && i < MOST_EVENTS; i++)
        if (a->list[i].label != b->list[i].label || a->list[i].inputs != b->list[i].inputs ||
            f32_bits(a->list[i].confidence) != f32_bits(b->list[i].confidence))
            return 0;
    return 1;
}

enum { SMOOTH = 3, HOLD_OFF = 5 };
static const float THRESHOLDS[CLASSES] = {0.2f, 2.0f, 0.26f, 0.2f};

/* As the header says it, over all answers at once. */
static void expected_events(const float *answers, uint32_t count, uint64_t first, uint64_t period,
                            events *all) {
    uint32_t last_fired[CLASSES] = {0};
    all->count = 0;
    for (uint32_t a = 0; a < count; a++) {
        float mean[CLASSES];
        const uint32_t n = a + 1 < SMOOTH ? a + 1 : SMOOTH;
        uint32_t best = 0;
        for (uint32_t c = 0; c < CLASSES; c++) {
            float sum = 0.0f;
            for (uint32_t i = a + 1 - n; i <= a; i++) sum = sum + answers[i * CLASSES + c];
            mean[c] = sum / (float)n;
            if (mean[c] > mean[best]) best = c;
        }
        if (mean[best] < THRESHOLDS[best]) continue;
        if (last_fired[best] > 0 && a + 1 - last_fired[best] <= HOLD_OFF) continue;
        last_fired[best] = a + 1;
        keep(all, &(mlm_detection){best, mean[best], first + a * period});
    }
}

/* ---- a detector ------------------------------------------------------------------------------------- */

typedef struct device {
    mlm_detector *detector;
    void *memory;
    uint32_t bytes;
} device;

static device make(const mlm_detector_options *options) {
    device it = {0, 0, 0};
    must(mlm_detector_bytes(options, &it.bytes), "mlm_detector_bytes");
    it.memory = aligned_alloc(MLM_ALIGNMENT, it.bytes);
    if (!it.memory) exit(2);
    memset(it.memory, 0xA5, it.bytes);
    must(mlm_detector_init(&it.detector, options, it.memory, it.bytes), "mlm_detector_init");
    return it;
}

static mlm_detector_options options_of(const world *model, const world *front, uint32_t tile) {
    mlm_detector_options options = {.model = &model->model,
                                    .front = front ? &front->model : 0,
                                    .tile = tile,
                                    .smooth = SMOOTH,
                                    .hold_off = HOLD_OFF,
                                    .thresholds = THRESHOLDS};
    if (!model->info.labels || mlm_output_rows_pushed(&model->model, 0, 1000) == 0) {
        options.window = WINDOW;
        options.hop = HOP;
    }
    return options;
}

static uint32_t answers_of(const float *rows, uint32_t count, uint32_t width, const world *model,
                           float *answers) {
    uint32_t made = 0;
    rig r = rig_open(model, stream_of(model, 1, WINDOW), 0);
    for (uint32_t first = 0; first + WINDOW <= count; first += HOP)
        must(mlm_session_run(r.session, rows + (size_t)first * width, WINDOW,
                             answers + (size_t)made++ * CLASSES),
             "mlm_session_run");
    rig_close(&r);
    return made;
}

/* Rows of a model's sequence for the whole input at once. */
static float *rows_of(const world *w, const void *inputs, uint32_t count, uint32_t *rows) {
    mlm_output_info info;
    must(mlm_output_get_info(&w->model, 0, &info), "mlm_output_get_info");
    *rows = mlm_output_rows_pushed(&w->model, 0, count);
    float *made = malloc((size_t)(*rows + 1) * info.width * sizeof(float));
    if (!made) exit(2);
    rig r = rig_open(w, stream_of(w, 1, 0), 0);
    must(mlm_session_receive(r.session, 0, made, *rows), "mlm_session_receive");
    must(mlm_session_push(r.session, inputs, count), "mlm_session_push");
    rig_close(&r);
    return made;
}

static void push_in_portions(device *it, const unsigned char *inputs, size_t size, uint32_t count,
                             uint32_t portion, events *heard) {
    heard->count = 0;
    mlm_detector_reset(it->detector);
    for (uint32_t at = 0; at < count; at += portion) {
        const uint32_t now = count - at < portion ? count - at : portion;
        must(mlm_detector_push(it->detector, inputs + at * size, now, keep, heard),
             "mlm_detector_push");
    }
}

/* The second half, from a state that was saved behind the first, in another detector. */
static void goes_on_elsewhere(const mlm_detector_options *options, const unsigned char *inputs,
                              size_t size, uint32_t count, const events *wanted) {
    device first = make(options), second = make(options);
    static events heard;
    const uint32_t half = count / 2 + 1, bytes = mlm_detector_state_bytes(first.detector);
    unsigned char *state = malloc(bytes);
    if (!state) exit(2);
    heard.count = 0;
    CHECK(mlm_detector_push(first.detector, inputs, half, keep, &heard) == MLM_OK);
    CHECK(mlm_detector_save_state(first.detector, state, bytes) == MLM_OK);
    CHECK(mlm_detector_save_state(first.detector, state, bytes - 1) == MLM_ERR_ARGUMENT);
    for (uint32_t at = 0; at < bytes; at += 7) {
        state[at] ^= 16;
        CHECK(mlm_detector_load_state(second.detector, state, bytes) == MLM_ERR_STATE);
        state[at] ^= 16;
    }
    CHECK(mlm_detector_load_state(second.detector, state, bytes) == MLM_OK);
    CHECK(mlm_detector_answers(second.detector) == mlm_detector_answers(first.detector));
    CHECK(mlm_detector_push(second.detector, inputs + half * size, count - half, keep, &heard) ==
          MLM_OK);
    CHECK(same_events(&heard, wanted));
    free(state), free(first.memory), free(second.memory);
}

static void compare(const world *model, const world *front) {
    static events wanted, heard;
    const world *source = front ? front : model;
    const int is_audio = source->info.input_kind == MLM_INPUT_SAMPLES;
    const int is_exact = front || mlm_output_rows_pushed(&model->model, 0, 1000) == 0;
    const size_t size = (is_audio ? 1 : source->info.input_width) * sizeof(float);
    const uint32_t count = is_audio ? 6007 : 1203;
    rng random = {99};
    unsigned char *inputs = network_random_input(source->net, &random, count);

    uint32_t rows = count, answers;
    float *made_rows = front || !is_exact ? rows_of(source, inputs, count, &rows) : 0;
    float *all = made_rows;
    if (is_exact) {
        all = malloc((size_t)rows * CLASSES * sizeof(float));
        if (!all) exit(2);
        answers = answers_of(made_rows ? made_rows : (const float *)(const void *)inputs, rows,
                             model->info.input_width, model, all);
    } else {
        answers = rows;
    }
    const uint64_t frame = is_audio ? 5 : 1, first = is_audio ? 12 + (WINDOW - 1) * 5 : WINDOW;
    expected_events(all, answers, first, HOP * frame, &wanted);
    CHECK_MESSAGE(wanted.count > 10, "%u events", wanted.count);

    static const uint32_t portions[] = {1, 3, 16, 160, 333, 100000};
    for (uint32_t tile = 1; tile <= 8; tile = tile * 2 + 1) {
        const mlm_detector_options options = options_of(model, front, tile);
        device it = make(&options);
        for (size_t i = 0; i < sizeof portions / sizeof *portions; i++) {
            push_in_portions(&it, inputs, size, count, portions[i], &heard);
            CHECK_MESSAGE(same_events(&heard, &wanted), "tile %u, %u at once: %u events, not %u",
                          tile, portions[i], heard.count, wanted.count);
            CHECK_EQUAL(mlm_detector_answers(it.detector), answers);
        }
        free(it.memory);
        goes_on_elsewhere(&options, inputs, size, count, &wanted);
    }
    if (all != made_rows) free(all);
    free(made_rows), free(inputs);
}

static void running(void) {
    for (int of_audio = 0; of_audio <= 1; of_audio++) {
        world w;
        open_or_exit(&w, running_network(of_audio));
        compare(&w, 0);
        world_close(&w);
    }
}

static void exact(void) {
    world model, front;
    open_or_exit(&front, front_network());
    open_or_exit(&model, window_network(7));
    compare(&model, &front);
    world_close(&model), world_close(&front);
    open_or_exit(&model, window_network(3));
    compare(&model, 0);
    world_close(&model);
}

/* ---- what is refused -------------------------------------------------------------------------------- */

static void refused(void) {
    world model, running_one, front;
    uint32_t bytes;
    open_or_exit(&model, window_network(7));
    open_or_exit(&running_one, running_network(0));
    open_or_exit(&front, front_network());
    const mlm_detector_options good = options_of(&model, &front, 1);
    CHECK(mlm_detector_bytes(&good, &bytes) == MLM_OK);

#define REFUSED(...)                                                                       \
    do {                                                                                   \
        mlm_detector_options bad = good;                                                   \
        __VA_ARGS__;                                                                       \
        CHECK_MESSAGE(mlm_detector_bytes(&bad, &bytes) == MLM_ERR_ARGUMENT, #__VA_ARGS__); \
    } while (0)
    const float nan[CLASSES] = {0.5f, f32_from_bits(0x7FC00000u), 0.5f, 0.5f};
    REFUSED(bad.model = 0);
    REFUSED(bad.tile = 0);
    REFUSED(bad.hop = 0);
    REFUSED(bad.hop = WINDOW + 1);
    REFUSED(bad.smooth = 0);
    REFUSED(bad.smooth = MLM_MOST_SMOOTH + 1);
    REFUSED(bad.thresholds = 0);
    REFUSED(bad.thresholds = nan);
    REFUSED(bad.window = 0);                 /* its output is no sequence */
    REFUSED(bad.model = &running_one.model); /* and this one's is */
    REFUSED(bad.front = &running_one.model); /* frames of another width */
    mlm_detector_options running_options = options_of(&running_one, 0, 1);
    CHECK(mlm_detector_bytes(&running_options, &bytes) == MLM_OK);
    running_options.front = &front.model;
    CHECK(mlm_detector_bytes(&running_options, &bytes) == MLM_ERR_ARGUMENT);

    device it = make(&good);
    mlm_detector *other = 0;
    CHECK(mlm_detector_init(&other, &good, it.memory, it.bytes - 1) == MLM_ERR_ARENA_TOO_SMALL);
    CHECK(mlm_detector_init(&other, &good, (char *)it.memory + 8, it.bytes) == MLM_ERR_ALIGNMENT);
    CHECK(other == 0);
    CHECK(mlm_detector_push(it.detector, 0, 1, 0, 0) == MLM_ERR_ARGUMENT);
    CHECK(mlm_detector_push(it.detector, 0, 0, 0, 0) == MLM_OK);
    free(it.memory);
    world_close(&model), world_close(&running_one), world_close(&front);
}

int main(int argc, char **argv) {
    harness.only = argc > 1 ? argv[1] : 0;
    RUN(running);
    RUN(exact);
    RUN(refused);
    return harness_end();
}
