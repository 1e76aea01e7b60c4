/*
 * roofline.c - how fast this machine multiplies and adds four lanes at a time in WebAssembly when
 * nothing comes from memory: the most that any kernel of separate multiplications and additions can
 * reach. Twelve independent chains fill the pipelines and fit into sixteen registers.
 */
typedef float v4 __attribute__((vector_size(16)));

#define EXPORT(name) __attribute__((export_name(#name)))

/* Not a constant for the compiler. */
volatile float one = 1.0f;

static float sum(v4 x) { return x[0] + x[1] + x[2] + x[3]; }

#define TWELVE(step)                                                                         \
    step(0) step(1) step(2) step(3) step(4) step(5) step(6) step(7) step(8) step(9) step(10) \
        step(11)

/* a = a * m + c in every chain: no product can be kept for the next. */
#define CHAINS_PER_PASS (2 * 12 * 4)
EXPORT(chains) float chains(int passes) {
    const v4 m = {one, one, one, one};
    const v4 c = m * 1e-9f;
#define DECLARE(k) v4 a##k = m * (float)(k + 1);
#define STEP(k) a##k = a##k * m + c;
    TWELVE(DECLARE)
    for (int i = 0; i < passes; i++) {
        TWELVE(STEP) TWELVE(STEP) TWELVE(STEP) TWELVE(STEP)
    }
#define ADD_UP(k) total += sum(a##k);
    float total = 0.0f;
    TWELVE(ADD_UP)
    return total;
}

/* Operations of four lanes in one pass. */
EXPORT(chains_per_pass) int chains_per_pass(void) { return CHAINS_PER_PASS; }
