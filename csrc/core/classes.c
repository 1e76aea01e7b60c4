/*
 * classes.c - the op classes that this build has, by kind, from a list that scripts/op-list.mjs writes:
 * all of csrc/kernels, or in an exported project those that its model uses.
 */
#include "classes.h"

#define MLM_OP(number, class_name) extern const mlm_op_class class_name;
#include "op_list.h"
#undef MLM_OP

#define MLM_OP(number, class_name) [number] = &class_name,
const mlm_op_class *const mlm_op_classes[] = {
#include "op_list.h"
};
#undef MLM_OP

uint32_t mlm_op_class_count(void) { return sizeof mlm_op_classes / sizeof *mlm_op_classes; }

const mlm_op_class *mlm_class_of_kind(uint32_t kind) {
    return kind < mlm_op_class_count() ? mlm_op_classes[kind] : 0;
}

const char *mlm_op_class_name(uint32_t kind) {
    const mlm_op_class *found = mlm_class_of_kind(kind);
    return found ? found->name : "";
}
