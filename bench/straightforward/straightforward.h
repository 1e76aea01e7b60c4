/*
 * straightforward.h - the paper's network (linear, one Mamba block, mean over frames, linear) as most
 * people would port it to C: what the benchmark compares the core with. Row-major PyTorch weights,
 * whole-sequence buffers, sizes at run time.
 */
#ifndef STRAIGHTFORWARD_H
#define STRAIGHTFORWARD_H

typedef struct sf_sizes {
    int features, d_model, d_inner, d_state, d_conv, dt_rank, classes;
} sf_sizes;

/* Shapes as in the PyTorch state dict. */
typedef struct sf_weights {
    const float *linear_in_weight;  /* (d_model, features) */
    const float *linear_in_bias;    /* (d_model) */
    const float *in_proj;           /* (2 * d_inner, d_model) */
    const float *conv1d_weight;     /* (d_inner, d_conv) */
    const float *conv1d_bias;       /* (d_inner) */
    const float *x_proj;            /* (dt_rank + 2 * d_state, d_inner) */
    const float *dt_proj_weight;    /* (d_inner, dt_rank) */
    const float *dt_proj_bias;      /* (d_inner) */
    const float *a_log;             /* (d_inner, d_state) */
    const float *d;                 /* (d_inner) */
    const float *out_proj;          /* (d_model, d_inner) */
    const float *classifier_weight; /* (classes, d_model) */
    const float *classifier_bias;   /* (classes) */
} sf_weights;

/* Floats of working memory for a sequence; 16-byte alignment is enough. */
long sf_memory_floats(const sf_sizes *sizes, int frames);

/* input (frames, features) -> logits (classes) */
void sf_run(const sf_sizes *sizes, const sf_weights *weights, const float *input, int frames,
            float *memory, float *logits);

#endif
