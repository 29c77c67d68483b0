#include "control.h"

enum outcome { DONE, DONE_RESTART, GIVEN_UP, INTERRUPTED };

/* finish runs a script until it is done or was tried often enough. A try counts
 * before it begins, so that a script that takes the machine down ends, too. */
static enum outcome finish(const struct host *h, const char *name)
{
	for (;;) {
		int tries = h->tries(h->self, name);
		if (tries >= TRIES) {
			h->say(h->self, "%s: given up after %d tries", name, TRIES);
			return GIVEN_UP;
		}
		if (!h->record(h->self, name, tries + 1)) {
			h->say(h->self, "%s: not run, as its tries cannot be counted", name);
			return GIVEN_UP;
		}
		h->say(h->self, "%s: try %d of %d", name, tries + 1, TRIES);
		long status = h->run(h->self, name);
		switch (status) {
		case 0:
			h->say(h->self, "%s: done", name);
			return DONE;
		case STATUS_RESTART:
		case STATUS_RESTARTED:
			h->say(h->self, "%s: done, and Windows is to be restarted (status %ld)", name, status);
			return DONE_RESTART;
		case RUN_STOPPED:
			h->say(h->self, "%s: interrupted, as the service is stopped", name);
			return INTERRUPTED;
		case RUN_FAILED:
			break;
		default:
			h->say(h->self, "%s: failed with status %ld", name, status);
		}
		if (tries + 1 < TRIES && !h->pause(h->self, tries + 1))
			return INTERRUPTED;
	}
}

enum ending first_boot(const struct host *h)
{
	static char names[MAX_SCRIPTS][NAME_SIZE];
	/* A restart would end a setup for good: that of an image by sysprep. */
	if (!h->ready(h->self))
		return STOPPED;
	int count = h->list(h->self, names, MAX_SCRIPTS);
	for (int n = 0; n < count; n++) {
		enum outcome outcome = finish(h, names[n]);
		if (outcome == INTERRUPTED)
			return STOPPED;
		if (outcome == GIVEN_UP)
			h->keep(h->self, names[n]);
		else
			h->forget(h->self, names[n]);
		if (outcome == DONE_RESTART) {
			/* With nothing left to do, nothing has to start again. */
			if (n + 1 == count)
				h->leave(h->self);
			h->restart(h->self);
			return RESTARTING;
		}
	}
	h->leave(h->self);
	return ENDED;
}
