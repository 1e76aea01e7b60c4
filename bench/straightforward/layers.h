/*
 * layers.h - the paper's network with another layer in the place of Mamba, as most people would port it to C:
 * linear, a Mamba-2 block or a GRU, mean over frames, linear. As straightforward.h, which has Mamba-1's, but that
 * sizes and weights come as lists, so that one caller runs them all.
 */
#ifndef STRAIGHTFORWARD_LAYERS_H
#define STRAIGHTFORWARD_LAYERS_H

/* input (frames, features) -> logits (classes) */
typedef void sf_layer(const int *sizes, const float *const *weights, const float *input, int frames,
                      float *memory, float *logits);
/* Floats of working memory. */
typedef long sf_layer_memory(const int *sizes, int frames);

/* Both begin and end alike: sizes with features and what linear_in makes, weights with linear_in's weight and bias,
 * and the classes and the classifier's weight and bias at the end. Shapes as in the PyTorch state dict. */
enum { SF_FEATURES, SF_D_MODEL, SF_COMMON_SIZES };
enum { SF_LINEAR_IN_WEIGHT, SF_LINEAR_IN_BIAS, SF_COMMON_WEIGHTS };

enum {
    SF2_D_INNER = SF_COMMON_SIZES,
    SF2_D_STATE,
    SF2_D_CONV,
    SF2_HEADS,
    SF2_CLASSES,
};
enum {
    SF2_IN_PROJ = SF_COMMON_WEIGHTS, /* (2 * d_inner + 2 * d_state + heads, d_model) */
    SF2_CONV1D_WEIGHT,               /* (d_inner + 2 * d_state, d_conv) */
    SF2_CONV1D_BIAS,                 /* (d_inner + 2 * d_state) */
    SF2_A_LOG,                       /* (heads) */
    SF2_DT_BIAS,                     /* (heads) */
    SF2_D,                           /* (heads) */
    SF2_NORM,                        /* (d_inner) */
    SF2_OUT_PROJ,                    /* (d_model, d_inner) */
    SF2_CLASSIFIER_WEIGHT,           /* (classes, d_model) */
    SF2_CLASSIFIER_BIAS,             /* (classes) */
};
extern sf_layer sf_mamba2;
extern sf_layer_memory sf_mamba2_memory;

enum { SFG_HIDDEN = SF_COMMON_SIZES, SFG_CLASSES };
enum {
    SFG_WEIGHT_IH = SF_COMMON_WEIGHTS, /* (3 * hidden, d_model) */
    SFG_WEIGHT_HH,                     /* (3 * hidden, hidden) */
    SFG_BIAS_IH,                       /* (3 * hidden) */
    SFG_BIAS_HH,                       /* (3 * hidden) */
    SFG_CLASSIFIER_WEIGHT,             /* (classes, hidden) */
    SFG_CLASSIFIER_BIAS,               /* (classes) */
};
extern sf_layer sf_gru;
extern sf_layer_memory sf_gru_memory;

#endif
