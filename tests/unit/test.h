/*
 * test -- cmocka behind a few words, so that test files see only sentences.
 *
 *	TEST(a_change_cut_anywhere_is_refused) { ... }
 *	int main(void) { return RUN(
 *	    T(a_change_cut_anywhere_is_refused)); }
 */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sync/base/fault.h"
#include "sync/base/secret.h"

#define TEST(name) static void name(void **state __attribute__((unused)))
#define T(name) cmocka_unit_test(name)
#define RUN(...) test_run((const struct CMUnitTest[]){ __VA_ARGS__ }, \
    sizeof((const struct CMUnitTest[]){ __VA_ARGS__ }) / \
    sizeof(struct CMUnitTest))

static inline int
test_run(const struct CMUnitTest *tests, size_t n)
{
	fault f = secret_start();

	if (f != NULL) {
		fprintf(stderr, "%s\n", f->text);
		return 1;
	}
	return _cmocka_run_group_tests("", tests, n, NULL, NULL);
}

#define assert_ok(call) do { \
	fault f_ = (call); \
	if (f_ != NULL) \
		fail_msg("%s: fault %d: %s", #call, (int)f_->code, f_->text); \
} while (0)

#define assert_fault(want, call) do { \
	fault f_ = (call); \
	if (f_ == NULL) \
		fail_msg("%s: worked, should be fault %d", #call, (int)(want)); \
	else if (f_->code != (want)) \
		fail_msg("%s: fault %d, should be %d: %s", #call, \
		    (int)f_->code, (int)(want), f_->text); \
} while (0)

/* Exactly n bytes of at, so that a sanitizer sees the first byte beyond. */
static inline uint8_t *
test_cut(const uint8_t *at, size_t n)
{
	uint8_t *p = malloc(n == 0 ? 1 : n);

	if (p == NULL)
		abort();
	if (n > 0)
		memcpy(p, at, n);
	return n == 0 ? (uint8_t *)realloc(p, 1) : p;
}

#endif
