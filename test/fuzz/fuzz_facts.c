/*
 * fuzz_facts.c - see fuzz_facts.h.
 */
#include "../fuzz/fuzz_facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blob_builder.h"

#define MAX_ARENA_BYTES (4u << 20)
#define MAX_WORK 1000000u /* multiplications and exponentials in one run */

void require(int ok, const char *condition, const char *file, int line) {
    if (ok) return;
    fprintf(stderr, "%s:%d: broken promise: %s\n", file, line, condition);
    abort();
}

static size_t text_length(const char *text) {
    REQUIRE(text != NULL);
    return strlen(text);
}

void read_all_facts(const mlm_model *model, const mlm_model_info *info) {
    size_t sum = text_length(mlm_metadata(model));
    for (uint32_t i = 0; i < mlm_op_count(model); i++) {
        mlm_op_info op;
        REQUIRE(mlm_op_get_info(model, i, &op) == MLM_OK);
        sum += text_length(mlm_op_name(model, i)) + text_length(op.kind);
    }
    for (uint32_t i = 0; i < info->labels; i++) sum += text_length(mlm_label(model, i));
    for (uint32_t i = 0; i < mlm_tensor_count(model); i++) {
        mlm_tensor_info tensor;
        REQUIRE(mlm_tensor_get_info(model, i, &tensor) == MLM_OK);
        sum += text_length(tensor.name);
    }
    for (uint32_t i = 0; i < info->outputs; i++) {
        mlm_output_info output;
        REQUIRE(mlm_output_get_info(model, i, &output) == MLM_OK && output.width > 0);
        sum += text_length(output.name);
        for (uint32_t inputs = 0; inputs < 50; inputs++) /* what is pushed is never more than all */
            REQUIRE(mlm_output_rows_pushed(model, i, inputs) <= mlm_output_rows(model, i, inputs));
    }
    REQUIRE(sum < SIZE_MAX / 2u);
    for (uint32_t schedule = 0; schedule < 3; schedule++)
        for (uint32_t i = 0; i < mlm_operator_count(model, schedule); i++) {
            mlm_operator_info operator_info;
            REQUIRE(mlm_operator_get_info(model, schedule, i, &operator_info) == MLM_OK);
            REQUIRE(operator_info.op < mlm_op_count(model) && operator_info.name != NULL);
        }
}

static void check_table(const mlm_plan *plan, const mlm_buffer *table) {
    REQUIRE(plan->minimum_bytes <= plan->arena_bytes);
    REQUIRE((uint64_t)plan->state_bytes + plan->scratch_bytes + plan->io_bytes ==
            plan->arena_bytes);
    for (uint32_t i = 0; i < plan->buffer_count; i++) {
        const mlm_buffer *b = &table[i];
        REQUIRE(b->first <= b->last && b->bytes > 0);
        REQUIRE(b->offset % MLM_ALIGNMENT == 0 && b->bytes % MLM_ALIGNMENT == 0);
        REQUIRE((uint64_t)b->offset + b->bytes <= plan->arena_bytes);
        for (uint32_t k = 0; k < i && i < 400; k++) {
            const mlm_buffer *a = &table[k];
            const int bytes_meet = (uint64_t)a->offset < (uint64_t)b->offset + b->bytes &&
                                   (uint64_t)b->offset < (uint64_t)a->offset + a->bytes;
            const int lives_meet = a->first <= b->last && b->first <= a->last;
            REQUIRE(!(bytes_meet && lives_meet));
        }
    }
}

int plan_model(const mlm_model *model, const mlm_options *options, mlm_plan *plan) {
    const uint32_t count = mlm_plan_buffer_count(model, options);
    uint32_t bytes = 0;
    if (count == 0) {
        mlm_buffer one;
        const mlm_status status = mlm_plan_make(plan, model, options, &one, 1);
        REQUIRE(status == MLM_ERR_ARGUMENT || status == MLM_ERR_TOO_LARGE);
        REQUIRE(mlm_arena_bytes(model, options, &bytes) == status);
        return 0;
    }
    mlm_buffer *table = aligned_block(count * sizeof *table);
    REQUIRE(mlm_plan_make(plan, model, options, table, count - 1u) == MLM_ERR_CAPACITY);
    REQUIRE(mlm_plan_make(plan, model, options, table, count) == MLM_OK);
    REQUIRE(mlm_arena_bytes(model, options, &bytes) == MLM_OK && bytes == plan->arena_bytes);
    check_table(plan, table);
    free(table);
    return plan->arena_bytes <= MAX_ARENA_BYTES;
}

int is_little_work(const mlm_model *model, const mlm_options *options, uint32_t frames) {
    uint64_t work = 0;
    mlm_counts counts;
    REQUIRE(mlm_operator_counts(model, options, 0, 0, &counts) == MLM_ERR_FRAMES);
    for (uint32_t i = 0; i < mlm_operator_count(model, options->schedule); i++) {
        const mlm_status status = mlm_operator_counts(model, options, frames, i, &counts);
        REQUIRE(status == MLM_OK || status == MLM_ERR_FRAMES);
        if (status != MLM_OK) return 1;
        if (counts.macs > MAX_WORK || counts.exps > MAX_WORK || counts.bytes_read > MAX_WORK * 64u)
            return 0;
        work += counts.macs + counts.exps * 8u + counts.bytes_read / 64u;
    }
    return work <= MAX_WORK;
}
