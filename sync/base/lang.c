#include "sync/base/lang.h"

#include <stdlib.h>
#include <string.h>

#include "schema/embedded.h"

static enum lang now = LANG_EN;

void
lang_set(enum lang l)
{
	now = l;
}

enum lang
lang_now(void)
{
	return now;
}

static int
by_english(const void *key, const void *row)
{
	return strcmp(key, ((const struct embedded_phrase *)row)->en);
}

const char *
say(const char *english)
{
	const struct embedded_phrase *p;

	if (now == LANG_EN)
		return english;
	p = bsearch(english, embedded_phrases, embedded_phrase_count,
	    sizeof *p, by_english);
	return p != NULL ? p->nl : english;
}
