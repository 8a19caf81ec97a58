#pragma once

namespace tandem {

/// Natural logarithm, the same bits on every compiler and C library (hardening D10); within 1 ulp of the exact value.
/// Requires x > 0 and finite. Method: argument reduction and the minimax polynomial of FreeBSD's e_log.c.
double stable_log(double x);

}  // namespace tandem
