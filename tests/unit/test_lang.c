#include "tests/unit/test.h"

#include <ctype.h>
#include <errno.h>

#include "schema/embedded.h"
#include "sync/base/lang.h"
#include "sync/base/oserror.h"

#define ARGS_MAX 9

TEST(without_a_choice_the_language_is_english)
{
	assert_int_equal(lang_now(), LANG_EN);
	assert_string_equal(say("process %d"), "process %d");
}

TEST(a_sentence_is_said_in_the_language_that_was_set)
{
	lang_set(LANG_NL);
	assert_int_equal(lang_now(), LANG_NL);
	assert_string_equal(say("process %d"), "proces %d");
	lang_set(LANG_EN);
	assert_string_equal(say("process %d"), "process %d");
}

TEST(a_sentence_without_a_translation_is_shown_in_english)
{
	const char *alien = "no such sentence %d";

	lang_set(LANG_NL);
	assert_ptr_equal(say(alien), alien);
	assert_string_equal(say(""), "");
	lang_set(LANG_EN);
}

TEST(a_fault_speaks_the_language_that_was_set)
{
	fault f;

	lang_set(LANG_NL);
	f = fault_new(FAULT_FAIL, "process %d", 7);
	lang_set(LANG_EN);
	assert_string_equal(f->text, "proces 7");
}

/* English and Dutch differ from each other and from the C library. */
TEST(what_the_system_refuses_is_said_in_both_languages)
{
	static const int met[] = { EPERM, ENOENT, EIO, EACCES, EEXIST, ENOTDIR,
	    EISDIR, EMFILE, ENOSPC, EROFS, ELOOP, ENAMETOOLONG, EDQUOT, ESTALE,
	    EBUSY, ENOTEMPTY, EFBIG };
	const char *en, *nl;

	for (size_t i = 0; i < sizeof met / sizeof met[0]; i++) {
		en = oserror(met[i]);
		lang_set(LANG_NL);
		nl = oserror(met[i]);
		lang_set(LANG_EN);
		assert_string_not_equal(en, nl);
		assert_string_not_equal(en, strerror(met[i]));
		assert_string_not_equal(nl, strerror(met[i]));
	}
	assert_string_equal(oserror(ENOSPC), "the disk is full");
}

TEST(what_hardly_happens_is_said_as_the_c_library_does)
{
	assert_string_equal(oserror(ECHILD), strerror(ECHILD));
}

TEST(a_fault_of_the_system_is_in_one_language)
{
	fault f;

	lang_set(LANG_NL);
	errno = EROFS;
	f = fault_errno(FAULT_FAIL, "cannot open %s", "x");
	lang_set(LANG_EN);
	assert_string_equal(f->text,
	    "kan x niet openen: de schijf kan alleen worden gelezen");
	assert_int_equal(f->detail, EROFS);
}

/* bsearch finds only what is sorted, and one sentence has one translation. */
TEST(the_phrases_are_sorted_by_bytes_and_none_stands_twice)
{
	for (size_t i = 1; i < embedded_phrase_count; i++)
		if (strcmp(embedded_phrases[i - 1].en,
		    embedded_phrases[i].en) >= 0)
			fail_msg("\"%s\" before \"%s\"",
			    embedded_phrases[i - 1].en, embedded_phrases[i].en);
}

TEST(every_phrase_is_found_and_has_a_translation)
{
	lang_set(LANG_NL);
	for (size_t i = 0; i < embedded_phrase_count; i++) {
		const struct embedded_phrase *p = &embedded_phrases[i];

		if (p->nl[0] == '\0')
			fail_msg("no translation: \"%s\"", p->en);
		assert_ptr_equal(say(p->en), p->nl);
	}
	lang_set(LANG_EN);
}

/*
 * Length and type of each argument that a format takes ("ld", "s", ...);
 * flags, width and precision may differ.  Dutch may put them in another
 * order with "%2$s".
 */
static void
arguments(const char *fmt, char args[ARGS_MAX][8])
{
	size_t next = 0;

	memset(args, 0, ARGS_MAX * sizeof *args);
	while ((fmt = strchr(fmt, '%')) != NULL) {
		size_t at = next, n = 0;

		if (*++fmt == '%') {
			fmt++;
			continue;
		}
		if (isdigit((unsigned char)fmt[0]) && fmt[1] == '$') {
			at = (size_t)(fmt[0] - '1');
			fmt += 2;
		} else
			next++;
		fmt += strspn(fmt, "-+ #0123456789.'*");
		assert_true(at < ARGS_MAX);
		while (strchr("hlLqjzt", *fmt) != NULL && *fmt != '\0' && n < 6)
			args[at][n++] = *fmt++;
		args[at][n] = *fmt;
	}
}

/* A translation with other arguments would read memory that is not there. */
TEST(a_translation_takes_the_same_arguments)
{
	char en[ARGS_MAX][8], nl[ARGS_MAX][8];

	for (size_t i = 0; i < embedded_phrase_count; i++) {
		arguments(embedded_phrases[i].en, en);
		arguments(embedded_phrases[i].nl, nl);
		if (memcmp(en, nl, sizeof en) != 0)
			fail_msg("\"%s\" and \"%s\" take other arguments",
			    embedded_phrases[i].en, embedded_phrases[i].nl);
	}
}

TEST(the_check_of_arguments_itself_sees_differences)
{
	char a[ARGS_MAX][8], b[ARGS_MAX][8];

	arguments("%s has %zu of %5.2f%%", a);
	arguments("%2$zu: %1$s, %3$f", b);
	assert_memory_equal(a, b, sizeof a);
	arguments("%zu has %s of %f", b);
	assert_memory_not_equal(a, b, sizeof a);
	arguments("%s has %u of %f", b);
	assert_memory_not_equal(a, b, sizeof a);
	arguments("%s has %zu", b);
	assert_memory_not_equal(a, b, sizeof a);
}

int
main(void)
{
	return RUN(
	    T(without_a_choice_the_language_is_english),
	    T(a_sentence_is_said_in_the_language_that_was_set),
	    T(a_sentence_without_a_translation_is_shown_in_english),
	    T(a_fault_speaks_the_language_that_was_set),
	    T(what_the_system_refuses_is_said_in_both_languages),
	    T(what_hardly_happens_is_said_as_the_c_library_does),
	    T(a_fault_of_the_system_is_in_one_language),
	    T(the_phrases_are_sorted_by_bytes_and_none_stands_twice),
	    T(every_phrase_is_found_and_has_a_translation),
	    T(a_translation_takes_the_same_arguments),
	    T(the_check_of_arguments_itself_sees_differences));
}
