/*
 * ops_test.c - every field of the records of ops of every kind, damaged in blobs of random networks: each is
 * refused, with the number of the op. What is wrong follows from the rows of op_rows.c.
 */
#include "damage.h"
#include "rig.h"

#include <stdlib.h>

/* ---- ops ------------------------------------------------------------------------------------------ */

/* A random network, and how often each kind has been damaged. */
typedef struct patient {
    world w;
    uint32_t op;
    uint32_t damaged[EVERY_KIND];
} patient;

/* Opens the blob as it is now; it must be refused because of this op. */
static void expect_refused(patient *p, const char *what) {
    mlm_fault fault = {0, 0, 0};
    const net_op *op = &p->w.net->ops[p->op];
    blob_fix_crc(p->w.b.bytes, p->w.b.size);
    const mlm_status status = open_status(p->w.b.bytes, p->w.b.size, &fault);
    const int is_kind =
        ops_of(&p->w.b)[p->op].kind >= mlm_op_class_count() || ops_of(&p->w.b)[p->op].kind == 0;
    const mlm_status wanted = is_kind ? MLM_ERR_KIND : MLM_ERR_OP;
    if (!CHECK_MESSAGE(status == wanted && fault.index == p->op, "%s of op %u, %s.%u: %s, op %u",
                       what, p->op + 1, op_rows[op->kind].name, op->variant,
                       mlm_status_string(status), fault.index + 1) &&
        harness.failures < 3)
        world_explain(&p->w, what, 0);
    p->damaged[op->kind]++;
}

/* Changes a field of the op, wants it refused, and puts it back. */
#define REFUSED(field, value)                      \
    do {                                           \
        mlm_blob_op *op = &ops_of(&p->w.b)[p->op]; \
        const mlm_blob_op kept = *op;              \
        op->field = value;                         \
        expect_refused(p, #field " = " #value);    \
        *op = kept;                                \
    } while (0)

static void damage_form(patient *p) {
    const net_op *from = &p->w.net->ops[p->op];
    const op_row *row = &op_rows[from->kind];
    const uint32_t tensors = p->w.net->tensor_count, ops = p->w.net->op_count;
    net_view v;
    net_view_of(&v, p->w.net, from);
    REFUSED(kind, 0);
    REFUSED(kind, (uint16_t)mlm_op_class_count());
    REFUSED(kind, 0xFFFF);
    REFUSED(variant, (uint8_t)row->variants);
    REFUSED(variant, 255);
    REFUSED(type, MLM_DTYPE_I8);
    REFUSED(name, mlm_header(&p->w.model)->string_bytes);
    REFUSED(exponent, 1);
    REFUSED(reserved, 1);
    REFUSED(inputs[0], MLM_NO_VALUE);
    REFUSED(inputs[0], (uint16_t)(p->op + 1));
    REFUSED(inputs[0], (uint16_t)(ops + 1));
    REFUSED(inputs[0], 0xFFFE);
    if (v.inputs == row->most_inputs && v.inputs < MLM_MAX_INPUTS) REFUSED(inputs[v.inputs], 0);
    if (v.inputs + 1 < MLM_MAX_INPUTS) REFUSED(inputs[v.inputs + 1], 0);
    REFUSED(stage, (uint16_t)(from->stage + 1));
    REFUSED(stage, (uint16_t)(from->stage - 1));
    REFUSED(clock, (uint16_t)(from->clock + 1));
    REFUSED(clock, (uint16_t)(from->clock - 1));
    REFUSED(clock, 0xFFFE);
    if (from->clock != MLM_NO_CLOCK) REFUSED(clock, MLM_NO_CLOCK);
    REFUSED(width, 0);
    REFUSED(width, 0xFFFFFFFF);
    REFUSED(width, from->width + (1u << 24));
    if (from->kind != SLICE) REFUSED(width, from->width + 1);
    if (from->kind != SLICE) REFUSED(width, from->width - 1);
    for (uint32_t a = row->attributes; a < MLM_ATTRIBUTES; a++) REFUSED(attributes[a], 1);
    tensor_form forms[MLM_TENSOR_REFS] = {{0}};
    if (row->tensors) row->tensors(&v, forms);
    for (uint32_t t = 0; t < MLM_TENSOR_REFS; t++) {
        if (forms[t].rows == 0) REFUSED(tensors[t], 0);
        REFUSED(tensors[t], (uint16_t)tensors);
        if (forms[t].rows > 0 && !forms[t].optional) REFUSED(tensors[t], MLM_NO_TENSOR);
    }
}

/* ---- attributes ------------------------------------------------------------------------------------ */

/* A value that is wrong: as it is, or added to what is there, or to another attribute of the op. */
enum { AS_IT_IS, ADDED, ADDED_TO = 100 };
typedef struct wrong {
    uint32_t kind, attribute, value, how;
} wrong;

#define EPSILON_FAULTS(kind, attribute)                                                 \
    {kind, attribute, 0x7FC00000u, AS_IT_IS}, {kind, attribute, 0x7F800000u, AS_IT_IS}, \
        {kind, attribute, 0xB727C5ACu, AS_IT_IS}, {                                     \
        kind, attribute, 1, AS_IT_IS                                                    \
    }

static const wrong wrongs[] = {
    {EMBEDDING, 0, 0, AS_IT_IS},
    {EMBEDDING, 0, 1, ADDED},
    {EMBEDDING, 0, 0xFFFFFFFFu, AS_IT_IS},
    {LOGMEL, 0, 0, AS_IT_IS},
    {LOGMEL, 0, 1, ADDED},
    {LOGMEL, 0, 0xFFFFFFFFu, AS_IT_IS},
    {LOGMEL, 1, 0, AS_IT_IS},
    {LOGMEL, 1, 1, ADDED_TO + 0},
    {LOGMEL, 2, 0, AS_IT_IS},
    {LOGMEL, 2, 2, AS_IT_IS},
    {LOGMEL, 2, 1, ADDED},
    {LOGMEL, 2, 1u << 25, AS_IT_IS},
    {LOGMEL, 2, 1u << 31, AS_IT_IS},
    {LOGMEL, 3, 0, AS_IT_IS},
    {LOGMEL, 3, 0xFFFFFFFFu, AS_IT_IS},
    {LOGMEL, 4, 0, AS_IT_IS},
    EPSILON_FAULTS(LOGMEL, 4),
    {NORM, 0, 0, AS_IT_IS},
    EPSILON_FAULTS(NORM, 0),
    {SLICE, 0, 0xFFFFFFFFu, AS_IT_IS},
    {SLICE, 0, 1u << 24, AS_IT_IS},
    {CAUSAL_CONV, 0, 0, AS_IT_IS},
    {CAUSAL_CONV, 0, 1, ADDED},
    {CAUSAL_CONV, 1, 0, ADDED_TO + 0},
    {CAUSAL_CONV, 1, 0xFFFFFFFFu, AS_IT_IS},
    {CAUSAL_CONV, 2, 2, AS_IT_IS},
    {CONV1D, 0, 0, AS_IT_IS},
    {CONV1D, 0, 1, ADDED},
    {CONV1D, 0, 0xFFFFFFFFu, AS_IT_IS},
    {CONV1D, 1, 0, AS_IT_IS},
    {CONV1D, 1, 0xFFFFFFFFu, AS_IT_IS},
    {CONV1D, 2, 0, AS_IT_IS},
    {CONV1D, 2, 0xFFFFFFFFu, AS_IT_IS},
    {CONV1D, 3, 0xFFFFFFFFu, AS_IT_IS},
    {CONV1D, 3, 40, AS_IT_IS},
    {CONV1D, 4, 40, AS_IT_IS},
    {CONV1D, 5, 0, AS_IT_IS},
    {CONV1D, 5, 0xFFFFFFFFu, AS_IT_IS},
    {WINDOW_POOL, 0, 0, AS_IT_IS},
    {WINDOW_POOL, 0, 0xFFFFFFFFu, AS_IT_IS},
    {WINDOW_POOL, 1, 0, AS_IT_IS},
    {WINDOW_POOL, 2, 0, ADDED_TO + 0},
    {WINDOW_POOL, 3, 0, ADDED_TO + 0},
    {WINDOW_POOL, 4, 2, AS_IT_IS},
    {UNFOLD, 0, 0, AS_IT_IS},
    {UNFOLD, 0, 1, ADDED},
    {UNFOLD, 1, 0, AS_IT_IS},
    {UNFOLD, 1, 0xFFFFFFFFu, AS_IT_IS},
    {UPSAMPLE, 0, 0, AS_IT_IS},
    {UPSAMPLE, 0, 0xFFFFFFFFu, AS_IT_IS},
    {INSERT_ROW, 0, 0xFFFFFFFFu, AS_IT_IS},
    {INSERT_ROW, 0, 0xFFFFFFFDu, AS_IT_IS},
    {POSITIONS, 0, 0, AS_IT_IS},
    {POSITIONS, 0, 1, ADDED},
    {POSITIONS, 0, 0xFFFFFFFFu, AS_IT_IS},
    {SEQUENCE_NORM, 0, 0, AS_IT_IS},
    {SEQUENCE_NORM, 0, 1u << 20, AS_IT_IS},
    {SEQUENCE_NORM, 1, 0, AS_IT_IS},
    EPSILON_FAULTS(SEQUENCE_NORM, 1),
    {POOL, 0, 0x7FC00000u, AS_IT_IS}, /* an eps, a row far away, or of no use */
    {POOL, 1, 2, AS_IT_IS},
    {FLATTEN, 0, 0, AS_IT_IS},
    {FLATTEN, 0, 1, ADDED},
    {FLATTEN, 0, 1u << 31, AS_IT_IS},
    {FLATTEN_LINEAR, 0, 0, AS_IT_IS},
    {FLATTEN_LINEAR, 0, 1, ADDED},
    {FLATTEN_LINEAR, 0, 1u << 31, AS_IT_IS},
    {SELECTIVE_SCAN, 0, 0, AS_IT_IS},
    {SELECTIVE_SCAN, 0, 1, ADDED},
    {SELECTIVE_SCAN, 0, 1u << 31, ADDED},
    {SELECTIVE_SCAN, 1, 0, AS_IT_IS},
    {SELECTIVE_SCAN, 1, 1, ADDED},
    {SELECTIVE_SCAN, 2, 0x3F800000u, AS_IT_IS}, /* above 0 */
    {SELECTIVE_SCAN, 2, 0xBF000000u, AS_IT_IS}, /* A has lower elements */
    {SELECTIVE_SCAN, 2, 0x7FC00000u, AS_IT_IS},
    {SELECTIVE_SCAN, 2, 0xFF800000u, AS_IT_IS},
    {ATTENTION, 0, 0, AS_IT_IS},
    {ATTENTION, 0, 0xFFFFFFFFu, AS_IT_IS},
    {SSM_NORM, 0, 0, AS_IT_IS},
    {SSM_NORM, 0, 1, ADDED},
    {SSM_NORM, 1, 0, AS_IT_IS},
    {SSM_NORM, 1, 1u << 31, ADDED},
    {SSM_NORM, 2, 0, AS_IT_IS},
    EPSILON_FAULTS(SSM_NORM, 2),
    {CONV2D, 0, 0, AS_IT_IS},
    {CONV2D, 0, 1, ADDED},
    {CONV2D, 1, 0, AS_IT_IS},
    {CONV2D, 2, 0, AS_IT_IS},
    {CONV2D, 3, 40, AS_IT_IS},
    {CONV2D, 4, 40, AS_IT_IS},
    {CONV2D, 5, 0, AS_IT_IS},
    {CONV2D, 5, 0xFFFFFFFFu, AS_IT_IS},
    {CONV2D, 6, 0, AS_IT_IS},
    {CONV2D, 6, 0xFFFFu, AS_IT_IS},
    {CONV2D, 6, 0xFFFF0001u, AS_IT_IS},
    {CONV2D, 7, 0, AS_IT_IS},
    {CONV2D, 7, 1, ADDED},
    {POOL2D, 0, 0, AS_IT_IS},
    {POOL2D, 0, 0xFFFFFFFFu, AS_IT_IS},
    {POOL2D, 1, 0, AS_IT_IS},
    {POOL2D, 2, 0, ADDED_TO + 0},
    {POOL2D, 3, 0, ADDED_TO + 0},
    {POOL2D, 4, 2, AS_IT_IS},
    {POOL2D, 5, 0, AS_IT_IS},
    {POOL2D, 5, 0xFFFFu, AS_IT_IS},
    {POOL2D, 6, 0, AS_IT_IS},
    {POOL2D, 6, 0x10000u, ADDED}, /* dilated */
    {SPLIT_ROWS, 0, 0, AS_IT_IS},
    {SPLIT_ROWS, 0, 1, ADDED},
    {SPLIT_ROWS, 0, 0xFFFFFFFFu, AS_IT_IS},
    {SSD_SCAN, 0, 0, AS_IT_IS},
    {SSD_SCAN, 0, 1, ADDED},
    {SSD_SCAN, 1, 0, AS_IT_IS},
    {SSD_SCAN, 1, 1, ADDED_TO + 0},
    {SSD_SCAN, 2, 0, AS_IT_IS},
    {SSD_SCAN, 2, 1, ADDED},
    {SSD_SCAN, 2, 1u << 31, ADDED},
    {SSD_SCAN, 3, 0x7FC00000u, AS_IT_IS},
    {SSD_SCAN, 3, 0x7F800000u, AS_IT_IS},
    {SSD_SCAN, 3, 0xBF800000u, AS_IT_IS},
    {SSD_SCAN, 4, 0x7FC00000u, AS_IT_IS},
    {SSD_SCAN, 4, 0xBF000000u, AS_IT_IS}, /* less than the least */
    {GROUPED_NORM, 0, 0, AS_IT_IS},
    {GROUPED_NORM, 0, 0xFFFFFFFFu, AS_IT_IS},
    {GROUPED_NORM, 1, 0, AS_IT_IS},
    EPSILON_FAULTS(GROUPED_NORM, 1),
    {ACTIVATION, 0, 0x7F800000u, AS_IT_IS}, /* not finite, or of no use */
};

static void damage_attributes(patient *p) {
    const net_op *from = &p->w.net->ops[p->op];
    for (uint32_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        const wrong *x = &wrongs[i];
        char text[60];
        if (x->kind != from->kind) continue;
        uint32_t *attribute = &ops_of(&p->w.b)[p->op].attributes[x->attribute];
        const uint32_t kept = *attribute;
        *attribute = x->how == AS_IT_IS ? x->value
                     : x->how == ADDED  ? kept + x->value
                                        : from->attributes[x->how - ADDED_TO] + x->value;
        snprintf(text, sizeof text, "attribute %u = %x", x->attribute, *attribute);
        expect_refused(p, text);
        *attribute = kept;
    }
}

static void ops_of_every_kind_damaged_in_every_field(void) {
    static const net_limits limits = {14, 14, 0};
    static patient p;
    for (uint64_t seed = 1; seed <= 150 && harness.failures < 20; seed++) {
        if (!world_random(&p.w, seed * 37u, &limits)) continue;
        for (p.op = 0; p.op < p.w.net->op_count; p.op++) {
            damage_form(&p);
            damage_attributes(&p);
        }
        blob_fix_crc(p.w.b.bytes, p.w.b.size);
        CHECK(open_status(p.w.b.bytes, p.w.b.size, NULL) == MLM_OK);
        world_close(&p.w);
    }
    for (uint32_t i = 0; i < net_float_kinds(); i++) {
        const uint32_t kind = net_float_kind(i);
        CHECK_MESSAGE(p.damaged[kind] > 0, "no %s was damaged", op_rows[kind].name);
    }
}

/* A kind in place of another one is refused, or makes another network: what it is, the fuzzer runs. */
static void kinds_exchanged(void) {
    static const net_limits limits = {10, 10, 0};
    uint32_t accepted = 0, tried = 0;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        world w;
        if (!world_random(&w, seed * 41u, &limits)) continue;
        for (uint32_t op = 0; op < w.net->op_count; op++)
            for (uint32_t i = 0; i < net_float_kinds(); i++, tried++) {
                mlm_blob_op *record = &ops_of(&w.b)[op];
                const uint16_t kept = record->kind;
                record->kind = (uint16_t)net_float_kind(i);
                blob_fix_crc(w.b.bytes, w.b.size);
                const mlm_status status = open_status(w.b.bytes, w.b.size, NULL);
                CHECK(status == MLM_OK || status == MLM_ERR_OP || status == MLM_ERR_FORMAT);
                accepted += status == MLM_OK;
                record->kind = kept;
            }
        world_close(&w);
    }
    printf("    %u of %u kinds in place of another one make a network\n", accepted, tried);
}

int main(int argc, char **argv) {
    if (argc == 3 && !strcmp(argv[1], "--only")) harness.only = argv[2];
    RUN(ops_of_every_kind_damaged_in_every_field);
    RUN(kinds_exchanged);
    return harness_end();
}
