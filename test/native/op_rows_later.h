/*
 * op_rows_later.h - rows of op_rows.c: the kinds on floats that are numbered behind those on integers. Included
 * there, as it uses its forms of tensors.
 */
#ifndef OP_ROWS_LATER_H
#define OP_ROWS_LATER_H

/* ---- recurrent layers --------------------------------------------------------------------------- */

enum { GRU_GATES = 3, LSTM_GATES = 4 };

static uint32_t gates_of(const net_op *op) { return op->kind == GRU ? GRU_GATES : LSTM_GATES; }

static uint32_t recurrent_width(const net_view *v) { return v->widths[0] / gates_of(v->op); }

static void recurrent_tensors(const net_view *v, tensor_form *t) {
    t[0] = needed(MLM_PACK_PANELS, v->widths[0], v->op->width, FILL_WEIGHT);
    t[1] = maybe_vector(v->widths[0], FILL_SMALL);
}

/* The input to the gates has as many channels. */
static int choose_recurrent(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    (void)rows;
    op->width = choose_between(from, 1, 9);
    return v->widths[0] == gates_of(op) * op->width;
}

/* ---- attention ---------------------------------------------------------------------------------- */

enum { ATTENTION_PARTS = 3 };

static uint32_t attention_width(const net_view *v) { return v->widths[0] / ATTENTION_PARTS; }

/* Heads of equal widths; queries, keys and values are of as many channels as the output. */
static int choose_attention(choices *from, const net_view *v, net_op *op, uint32_t rows) {
    const uint32_t width = v->widths[0] / ATTENTION_PARTS;
    op->attributes[0] = choose_between(from, 1, 4);
    return rows > 0 && width * ATTENTION_PARTS == v->widths[0] && width % op->attributes[0] == 0;
}

#define GRU_ROW                                                                    \
    {                                                                              \
        "gru", 1, 1, 1, 0, ROW_SEQUENCE, recurrent_tensors, recurrent_width, NULL, \
            choose_recurrent, 0                                                    \
    }
#define LSTM_ROW                                                                    \
    {                                                                               \
        "lstm", 1, 1, 1, 0, ROW_SEQUENCE, recurrent_tensors, recurrent_width, NULL, \
            choose_recurrent, 0                                                     \
    }
#define ATTENTION_ROW                                                                   \
    {                                                                                   \
        "attention", 1, 1, 2, 1, ROW_SEQUENCE | ROW_WHOLE, NULL, attention_width, NULL, \
            choose_attention, 0                                                         \
    }

#endif
