"""Integer networks, bit for bit, in numpy: the second opinion on csrc's integer ops, written from their contract
(mlm.h) and not from their code. Arrays are int64, so that what would leave 32 bits is seen and raised."""
