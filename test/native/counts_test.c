/*
 * counts_test.c - the exact counts of work: those of known networks worked out by hand, and what must hold
 * for all. Knows nothing of plans.
 */
#include "harness.h"
#include "rig.h"

#include <stdlib.h>

static const net_limits limits = {30, 40, 0};

static mlm_counts total_counts(const world *w, mlm_options options, uint32_t frames) {
    mlm_counts total = {0, 0, 0, 0};
    for (uint32_t i = 0; i < mlm_operator_count(&w->model, options.schedule); i++) {
        mlm_counts counts;
        must(mlm_operator_counts(&w->model, &options, frames, i, &counts), "counts");
        total.macs += counts.macs;
        total.exps += counts.exps;
        total.bytes_read += counts.bytes_read;
        total.bytes_written += counts.bytes_written;
    }
    return total;
}

/* The numbers of the paper's keyword spotting model. */
static void counts_of_the_paper_model(void) {
    const uint64_t frames = 100, d_model = 64, inner = 128, states = 16, rank = 4;
    world w;
    if (!CHECK(world_open(&w, network_paper(40, 64, 10)))) return;
    const mlm_counts total = total_counts(&w, stream_of(&w, 1, 100), (uint32_t)frames);
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
    world_close(&w);
}

/* A front end: windows of 12 samples, 5 apart, of a transform of 16. */
static void counts_of_a_front_end(void) {
    const uint64_t frames = 9, window = 12, bins = 9, bands = 7;
    world w;
    mlm_tensor_info tensor;
    mlm_counts logmel, affine, once;
    if (!CHECK(world_open(&w, network_audio()))) return;
    const mlm_options options = stream_of(&w, 1, 0), nine = stream_of(&w, 9, 0);
    CHECK(mlm_operator_counts(&w.model, &options, 9, 0, &logmel) == MLM_OK);
    CHECK(mlm_operator_counts(&w.model, &options, 9, 1, &affine) == MLM_OK);
    CHECK(mlm_operator_counts(&w.model, &nine, 9, 0, &once) == MLM_OK);
    CHECK(mlm_tensor_get_info(&w.model, 3, &tensor) == MLM_OK);
    /* So few points by the definition: window, cosine and sine of each sample, two squares and their scale. Then
     * the triangles, and their scale. */
    const uint64_t spectrum = bins * (3u * window + 3u);
    CHECK_EQUAL(logmel.macs, frames * (spectrum + tensor.rows + bands));
    CHECK_EQUAL(logmel.exps, frames * bands);
    CHECK_EQUAL(affine.macs, frames * bands);
    CHECK_EQUAL(affine.exps, 0);
    CHECK_EQUAL(affine.bytes_read, frames * (bands * 4u + 2u * 32u));
    CHECK_EQUAL(affine.bytes_written, frames * bands * 4u);
    uint64_t tables = 0;
    for (uint32_t i = 0; i < 4; i++) {
        CHECK(mlm_tensor_get_info(&w.model, i, &tensor) == MLM_OK);
        tables += tensor.bytes;
    }
    CHECK_EQUAL(logmel.bytes_read - once.bytes_read, (frames - 1u) * tables);
    world_close(&w);
}

/* The window; `radix_4` butterflies with 3 turns of 4 products, `radix_2` with 1; a turn and four squares for each pair
 * of bins, the middle one and its scale; the triangles, and their scale. */
static void check_transform(uint32_t window, uint32_t fft, uint64_t radix_4, uint64_t radix_2) {
    const uint64_t frames = 3, pairs = fft / 4, bands = 7;
    network *net = network_new(MLM_INPUT_SAMPLES, 1, 1);
    net_op op = op_of(LOGMEL, 0, 0);
    op.width = (uint32_t)bands;
    op.attributes[0] = op.attributes[1] = window;
    op.attributes[2] = fft;
    op.attributes[3] = 16000;
    op.attributes[4] = f32_bits(1e-5f);
    network_add_output(net, network_add(net, op));
    world w;
    mlm_tensor_info filters;
    mlm_counts counts;
    if (!CHECK(world_open(&w, net))) return;
    const mlm_options options = stream_of(&w, 1, 0);
    CHECK(mlm_operator_counts(&w.model, &options, frames, 0, &counts) == MLM_OK);
    CHECK(mlm_tensor_get_info(&w.model, 3, &filters) == MLM_OK);
    const uint64_t spectrum = window + 12u * radix_4 + 4u * radix_2 + 8u * pairs + 3u;
    CHECK_EQUAL(counts.macs, frames * (spectrum + filters.rows + bands));
    world_close(&w);
}

static void counts_of_transforms(void) {
    check_transform(32, 32, 4, 0);        /* 16 points: 4, and 4 without turns before them */
    check_transform(50, 64, 8, 16);       /* 32 */
    check_transform(400, 512, 3 * 64, 0); /* 256 */
    check_transform(400, 1024, 3 * 128, 256);
}

/* Work does not depend on schedule and tile; only the bytes moved do. */
static void work_is_the_same_under_every_schedule(void) {
    for (uint64_t seed = 1; seed <= 400; seed++) {
        world w;
        if (!world_random(&w, seed * 23u, &limits)) continue;
        const uint32_t frames = world_frames(&w);
        const mlm_options all[] = {stream_of(&w, 1, frames), stream_of(&w, 7, frames),
                                   layer_of(frames), unfused_of(frames)};
        const mlm_counts first = total_counts(&w, all[0], frames);
        for (size_t k = 1; k < sizeof all / sizeof *all; k++) {
            const mlm_counts other = total_counts(&w, all[k], frames);
            CHECK_EQUAL(other.macs, first.macs);
            CHECK_EQUAL(other.exps, first.exps);
        }
        CHECK(total_counts(&w, all[1], frames).bytes_read <= first.bytes_read);
        world_close(&w);
    }
}

/* Linear layers of sequences work on each of their rows, of vectors once. */
static void linear_layers_work_row_by_row(void) {
    for (uint64_t seed = 1; seed <= 200; seed++) {
        world w;
        if (!world_random(&w, seed * 25u, &limits)) continue;
        const uint32_t frames = world_frames(&w);
        const mlm_options options = layer_of(frames);
        for (uint32_t k = 0; k < mlm_operator_count(&w.model, options.schedule); k++) {
            mlm_operator_info info;
            mlm_counts counts;
            must(mlm_operator_get_info(&w.model, options.schedule, k, &info), "operator");
            must(mlm_operator_counts(&w.model, &options, frames, k, &counts), "counts");
            const net_op *op = &w.net->ops[info.op];
            CHECK(counts.bytes_written > 0 || op->clock != MLM_NO_CLOCK);
            if (op->kind != LINEAR) continue;
            const uint64_t rows =
                op->clock == MLM_NO_CLOCK ? 1 : net_total_rows(w.net, op->clock, frames);
            CHECK_EQUAL(counts.macs, rows * op->width * net_width(w.net, op->inputs[0]));
        }
        world_close(&w);
    }
}

static int has_parts(uint32_t kind) { return kind == SELECTIVE_SCAN || kind == SSD_SCAN; }

static void operators_describe_themselves(void) {
    for (uint64_t seed = 1; seed <= 200; seed++) {
        world w;
        if (!world_random(&w, seed * 24u, &limits)) continue;
        for (uint32_t schedule = 0; schedule < 3; schedule++) {
            const uint32_t count = mlm_operator_count(&w.model, schedule);
            mlm_operator_info info = {0};
            uint32_t op = 0;
            for (uint32_t k = 0; k < count; k++) {
                CHECK(mlm_operator_get_info(&w.model, schedule, k, &info) == MLM_OK);
                CHECK_MESSAGE(info.op == op || info.op == op + 1u,
                              "operators in order of their ops");
                op = info.op;
                CHECK_EQUAL(info.output_width, w.net->ops[op].width);
                CHECK((info.name[0] != '\0') == has_parts(w.net->ops[op].kind));
                if (schedule != MLM_SCHEDULE_UNFUSED) CHECK(strcmp(info.name, "discretize") != 0);
            }
            CHECK_EQUAL(op, w.net->op_count - 1u);
            CHECK(mlm_operator_get_info(&w.model, schedule, count, &info) == MLM_ERR_ARGUMENT);
            CHECK(mlm_operator_get_info(&w.model, schedule, ~0u, &info) == MLM_ERR_ARGUMENT);
            CHECK(mlm_operator_get_info(&w.model, schedule, 0, NULL) == MLM_ERR_ARGUMENT);
            CHECK(mlm_operator_get_info(NULL, schedule, 0, &info) == MLM_ERR_ARGUMENT);
            CHECK(mlm_operator_get_info(&w.model, 3, 0, &info) == MLM_ERR_ARGUMENT);
        }
        world_close(&w);
    }
}

int main(int argc, char **argv) {
    if (argc == 3 && !strcmp(argv[1], "--only")) harness.only = argv[2];
    RUN(counts_of_the_paper_model);
    RUN(counts_of_a_front_end);
    RUN(counts_of_transforms);
    RUN(work_is_the_same_under_every_schedule);
    RUN(linear_layers_work_row_by_row);
    RUN(operators_describe_themselves);
    return harness_end();
}
