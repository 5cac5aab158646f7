/* Shared arenas: writers without a lock, death, newcomers, stopped writers, and one reader that accounts for every seq.
 *
 * One statement of a STEP is one access to shared memory of the code, in the code's order; its label is the one that
 * stands in writer_steps.hpp (W1 to W4), slot.hpp (S1 to S4, R1 to R4) and settle.hpp (T1 to T3). Memory is sequentially
 * consistent; fences (S2, R3) are therefore not here. A slow writer is one that the search does not schedule; a killed
 * one dies between any two steps; a stopped one (STOPS) stays where it is for ever.
 *
 * Sizes, -D:   SLOTS, WRITERS (each has a seat), VALUES per writer, SEQS (the search ends where head would pass it)
 * Faults, -D:  DEATHS, NEWCOMERS (1: a dead writer's seat is taken again), STOPS
 * Parts, -D:   READER, BATCHERS (the first so many writers use alloc_batch) with BATCH values each,
 *              PROBE (values that one more writer allocates when all others have finished or stopped),
 *              HOLD_ANY (the reader may lose its patience at any time), MAX_SKIPS before a writer counts as starved,
 *              GIVES_UP (a writer may give its seq up instead of publishing: its reservation of the mutex is gone),
 *              RUNS (what one scan has found counts for a run of seqs, of the reader's and of the writers')
 * Mutations:   M_..., each must be found out. tests/model/README.md lists them.
 */
#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef WRITERS
#define WRITERS 2
#endif
#ifndef VALUES
#define VALUES 2
#endif
#ifndef SEQS
#define SEQS 6
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#ifndef NEWCOMERS
#define NEWCOMERS 0
#endif
#ifndef STOPS
#define STOPS 0
#endif
#ifndef READER
#define READER 0
#endif
#ifndef BATCHERS
#define BATCHERS 0
#endif
#ifndef BATCH
#define BATCH 2
#endif
#ifndef GIVES_UP
#define GIVES_UP 0
#endif
#ifndef RUNS
#define RUNS 0
#endif
#ifndef PROBE
#define PROBE 0
#endif
#ifndef HOLD_ANY
#define HOLD_ANY 0
#endif
#if PROBE
#define SEATS (WRITERS + 1)
#else
#define SEATS WRITERS
#endif
#ifndef MAX_SKIPS
#define MAX_SKIPS SEATS /* as the code: seat_count */
#endif

/* ---- stamp.hpp ---------------------------------------------------------------------------------------------------- */
#define DONE(q) (((q) + 1) * 2)
#define BUSY(q) (((q) + 1) * 2 + 1)
#define STAMP_SEQ(s) ((s) / 2 - 1)
#define PREDECESSOR(q) ((q) >= SLOTS -> DONE((q) - SLOTS) : 0)
#define IS_NEWER(s, q) ((s) > BUSY(q))

#define IDLE(n) ((n) * 4)
#define CLAIMING(n) ((n) * 4 + 1)
#define WRITING(n) ((n) * 4 + 2)
#define KIND(c) ((c) & 3)
#define LO(c) ((c) / 4)
#define END(c, h) ((h) > LO(c) + 1 -> (h) : LO(c) + 1)

#define COVERS(c, h, q) \
  (LO(c) <= (q) && (KIND(c) == 1 || (KIND(c) == 2 && (q) < END(c, h))))
#define BLOCKS(c, h, q) \
  (LO(c) < (q) && (KIND(c) == 1 || (KIND(c) == 2 && \
    (END(c, h) >= (q) -> (q) - LO(c) >= SLOTS : ((q) - LO(c)) / SLOTS != ((q) - END(c, h)) / SLOTS))))

/* A writer's scan: the first later seq, within a lap, that a claim blocks bounds what is clear. */
#if RUNS && !defined(M_CLEAR_ALL)
#define BOUND_ONE(c, h, q) if :: (q) < clear && BLOCKS(c, h, q) -> clear = (q) :: else fi
#if SLOTS == 1
#define BOUND(c, h) skip
#elif SLOTS == 2
#define BOUND(c, h) BOUND_ONE(c, h, seq + 1)
#else
#define BOUND(c, h) BOUND_ONE(c, h, seq + 1); BOUND_ONE(c, h, seq + 2)
#endif
#else
#define BOUND(c, h) skip
#endif

/* ---- the segment -------------------------------------------------------------------------------------------------- */
byte head;
byte stamp[SLOTS];
#if READER
byte word0[SLOTS], word1[SLOTS]; /* the payload: two words, both hold seq + 1 */
#endif
byte claim[SEATS];
#if BATCHERS
byte hi[SEATS];
#define HI(k) hi[k]
#else
#define HI(k) 0
#endif
bit lease[SEATS]; /* kept by the kernel */

/* ---- what only the model knows ------------------------------------------------------------------------------------ */
byte inside[SLOTS]; /* living writers between S1 and S4 */
byte finished;      /* writers that will do no more: finished, dead or stopped */
byte deaths, stops;
#if STOPS
bit is_stopped[SEATS];
#endif
#if READER
byte cursor;
byte fate[SEQS];
#define OPEN 0      /* nothing is known, or it does not matter any more */
#define PUBLISHED 1 /* and the reader has not come by */
#define LOST 2      /* the reader has called it a hole, or overwritten: it may not be published any more */
#endif

#if DEATHS && !defined(M_LEASE)
#define OR_DIE :: atomic { deaths < DEATHS && me < WRITERS -> deaths++; goto dead }
#else
#define OR_DIE
#endif
#if STOPS
#define OR_STOP :: atomic { stops < STOPS && me < WRITERS -> stops++; is_stopped[me] = 1; goto stopped_for_good }
#else
#define OR_STOP
#endif
#ifdef M_LEASE /* the kernel lets go of the lease while its holder can still store */
#define STEP(access) atomic { access }; if :: skip :: atomic { deaths < DEATHS -> deaths++; lease[me] = 0 } fi
#else
#define STEP(access) if :: atomic { access } OR_DIE OR_STOP fi
#endif

/* free_slot_ahead() of writer_steps.cpp. One look for the code's several: it claims nothing and stores nothing, so all
 * that matters is that it is true in the end. */
#define HELD_BY(k, q) (me != k && lease[k] && BLOCKS(claim[k], HI(k), q))
#if SEATS == 1
#define HELD(q) HELD_BY(0, q)
#elif SEATS == 2
#define HELD(q) (HELD_BY(0, q) || HELD_BY(1, q))
#elif SEATS == 3
#define HELD(q) (HELD_BY(0, q) || HELD_BY(1, q) || HELD_BY(2, q))
#else
#define HELD(q) (HELD_BY(0, q) || HELD_BY(1, q) || HELD_BY(2, q) || HELD_BY(3, q))
#endif
#define AVAILABLE(q) (stamp[(q) % SLOTS] == PREDECESSOR(q) || !HELD(q))
#if SLOTS == 1
#define FREE_SLOT_AHEAD AVAILABLE(head)
#elif SLOTS == 2
#define FREE_SLOT_AHEAD (AVAILABLE(head) || AVAILABLE(head + 1))
#elif SLOTS == 3
#define FREE_SLOT_AHEAD (AVAILABLE(head) || AVAILABLE(head + 1) || AVAILABLE(head + 2))
#else
#define FREE_SLOT_AHEAD (AVAILABLE(head) || AVAILABLE(head + 1) || AVAILABLE(head + 2) || AVAILABLE(head + 3))
#endif

proctype Writer(byte me; byte todo) {
  byte next;  /* claims will be claiming(next); while writing, the end of what is held */
  byte seq, length, k, c, skips;
  bit in;     /* between S1 and S4 */
#if PROBE
  byte row;   /* skips in a row */
#endif
#if RUNS
  byte clear;     /* of the scan under way */
  byte clear_end; /* nobody older is in the slots of [seq, clear_end) */
#endif

#if PROBE
  if
  :: me == WRITERS -> finished == WRITERS
  :: else
  fi;
#endif

take_seat: /* seat.cpp. The mutex's part of it is in mutex.pml. */
  STEP( assert(!lease[me]); lease[me] = 1 );
  STEP( next = head );
#ifdef M_CLAIM_AHEAD
  next++;
#endif
  STEP( claim[me] = IDLE(next) );

alloc:
  if
  :: todo == 0 -> goto leave
  :: else
  fi;
W1: /* after a seq that was skipped: the claim goes from writing(seq) to claiming(seq + 1) */
#ifndef M_LATE_CLAIM
#ifdef M_PREDICT
  STEP( claim[me] = WRITING(head) );
#else
  STEP( claim[me] = CLAIMING(next) );
#endif
#endif
  length = 1;
#if BATCHERS
  if
  :: me < BATCHERS ->
     atomic { length = (todo < BATCH -> todo : BATCH); length = (length < SLOTS -> length : SLOTS) }
  :: else
  fi;
#endif
W2:
  STEP( if
        :: head + length > SEQS -> goto give_up
        :: else -> seq = head; head = head + length; next = seq + length; length = 0
        fi );
#ifdef M_LATE_CLAIM
  STEP( claim[me] = CLAIMING(seq) );
#endif
#if BATCHERS && !defined(M_HI_LATE)
  if
  :: me < BATCHERS -> STEP( hi[me] = next )
  :: else
  fi;
#endif
W2_writing: /* W2' */
  STEP( claim[me] = WRITING(seq) );
#if BATCHERS && defined(M_HI_LATE)
  if
  :: me < BATCHERS -> STEP( hi[me] = next )
  :: else
  fi;
#endif
#if GIVES_UP
  if /* alloc_reserved() finds that the mutex is reserved for it no more */
  :: goto W3
  :: STEP( claim[me] = IDLE(next); seq = 0 ); goto alloc
  fi;
#endif
W3:
#ifndef M_NO_EXACT
  STEP( if
#ifdef M_ANY_DONE
        :: (stamp[seq % SLOTS] & 1) == 0 -> goto S1
#else
        :: stamp[seq % SLOTS] == PREDECESSOR(seq) -> goto S1
#endif
        :: else
        fi );
#else
  goto S1;
#endif

  /* take_or_skip(): is_blocked() looks at each seat's claim, hi, lease. Its second and later looks at one seat keep
   * nothing of the earlier ones: they are a first look that came later. In the end k < SEATS: blocked. */
#if RUNS
  if
  :: seq < clear_end -> k = SEATS; goto scanned
  :: else -> clear = seq + SLOTS
  fi;
#endif
#ifndef M_NO_SCAN
  do
  :: k == SEATS -> break
  :: k == me -> k++
  :: else ->
#if BATCHERS
     STEP( c = claim[k] );
#ifdef M_WRITER_NO_HI
     STEP( if :: BLOCKS(c, 0, seq) -> c = 1 :: else -> c = 0; k++ fi );
#else
     STEP( if :: BLOCKS(c, hi[k], seq) -> c = 1 :: else -> BOUND(c, hi[k]); c = 0; k++ fi );
#endif
#else
#ifdef M_WRITER_CLAIMING_OK
     STEP( if :: BLOCKS(claim[k], 0, seq) && KIND(claim[k]) != 1 -> c = 1 :: else -> k++ fi );
#else
     STEP( if :: BLOCKS(claim[k], 0, seq) -> c = 1 :: else -> BOUND(claim[k], 0); k++ fi );
#endif
#endif
     if
#ifdef M_WRITER_NO_LEASE
     :: c -> c = 0; break
#else
     :: c -> STEP( c = 0; if :: lease[k] -> break :: else -> k++ fi )
#endif
     :: else
     fi
  od;
#else
  k = SEATS;
#endif
#if RUNS
scanned:
  atomic {
    if :: k == SEATS && clear_end <= seq -> clear_end = clear :: else fi;
    clear = 0
  }
#endif
  STEP( assert(stamp[seq % SLOTS] < BUSY(seq));  /* else the code refuses the segment as corrupt */
        if
        :: k == SEATS || stamp[seq % SLOTS] == PREDECESSOR(seq) -> k = 0
        :: else -> k = 0; goto skipped
        fi );

S1:
#ifdef M_IDLE_EARLY
  STEP( claim[me] = IDLE(next) );
#endif
  STEP( assert(stamp[seq % SLOTS] < BUSY(seq));
#ifndef M_NO_BUSY
        stamp[seq % SLOTS] = BUSY(seq);
#endif
        in = 1; inside[seq % SLOTS]++; assert(inside[seq % SLOTS] == 1) );
#ifdef M_DONE_FIRST
  STEP( stamp[seq % SLOTS] = DONE(seq) );
#endif
#if READER
S3:
  STEP( word0[seq % SLOTS] = seq + 1 );
  STEP( word1[seq % SLOTS] = seq + 1; assert(word0[seq % SLOTS] == seq + 1) );
#endif
S4:
#if PROBE
  row = 0;
#endif
  STEP( stamp[seq % SLOTS] = DONE(seq); in = 0; inside[seq % SLOTS]--; todo--;
#if READER
        assert(fate[seq] != LOST);
        if :: seq >= cursor -> fate[seq] = PUBLISHED :: else fi
#endif
      );
  if
  :: seq + 1 < next -> seq++;
#ifdef M_BATCH_IDLE
     STEP( claim[me] = IDLE(next) ); goto W3
#else
     goto W2_writing
#endif
  :: else
  fi;
W4:
  STEP( claim[me] = IDLE(next); seq = 0 );
#if BATCHERS
  goto batch_end;
#else
  goto alloc;
#endif

skipped:
  skips++;
#if PROBE
  /* A dead writer costs nothing, a stopped one what it holds: so many seqs of a lap. In claiming that may be any. */
  if
  :: me == WRITERS -> c = 0; row++;
#if !STOPS
     assert(false);
#else
     do
     :: c == WRITERS -> c = 0; assert(false)
     :: c < WRITERS && is_stopped[c] ->
        assert(KIND(claim[c]) == 1 || row <= END(claim[c], HI(c)) - LO(claim[c])); c = 0; break
     :: c < WRITERS && !is_stopped[c] -> c++
     od
#endif
  :: else
  fi;
#endif
#if BATCHERS
  if
  :: seq + 1 < next -> seq++; goto W2_writing
  :: me < BATCHERS -> goto W4
  :: else
  fi;
#endif
  seq = 0;
  if
  :: skips <= MAX_SKIPS -> goto W1
  :: else
  fi;
#ifndef M_STARVE_CLAIMING
  STEP( claim[me] = IDLE(next) );
#endif
await_free_slot: /* ... without a claim */
  if
  :: atomic { FREE_SLOT_AHEAD -> skips = 0 }
  :: timeout -> assert(stops > 0); finished++; goto end_starved
  fi;
  goto W1;
#if BATCHERS
batch_end:
  if
  :: skips > MAX_SKIPS && me < BATCHERS && todo > 0 ->
     if
     :: atomic { FREE_SLOT_AHEAD -> skips = 0 }
     :: timeout -> assert(stops > 0); finished++; goto end_starved
     fi
  :: else
  fi;
  goto alloc;
#endif

#if DEATHS && !defined(M_LEASE)
dead: /* no store of it can still come; then the kernel frees the lease */
  atomic {
    if :: in -> inside[seq % SLOTS]--; in = 0 :: else fi;
    lease[me] = 0; seq = 0; next = 0; length = 0; k = 0; c = 0; skips = 0
#if RUNS
    ; clear = 0; clear_end = 0
#endif
  }
#if NEWCOMERS
  if
  :: goto take_seat
  :: skip
  fi;
#endif
  goto gone;
#endif
#if STOPS
stopped_for_good:
  atomic { finished++ }
end_stopped:
  false;
#endif
end_starved:
  false;

give_up: /* beyond the model's end */
  skip;
leave:
  atomic { claim[me] = IDLE(next); next = 0; length = 0; skips = 0
#if RUNS
           ; clear_end = 0
#endif
         }
gone:
  atomic { finished++; todo = 0 }
}

#if READER
/* Moves the cursor from seq to seq, and gives each a verdict: read, overwritten, hole, passed over. Exact accounting is
 * then that it gets to head. A seq that is passed over may still be published; one that is lost may not. */
#if STOPS
/* The reader's hold time is over when a stopped writer is in the way, and no running one has stayed in the word in which
 * it was when the reader began to wait. */
#define COVERED_BY(k) (lease[k] && COVERS(claim[k], HI(k), cursor))
#define STANDS(k) (COVERED_BY(k) && is_stopped[k])
#define RUNS(k) (COVERED_BY(k) && !is_stopped[k] && claim[k] == suspects[k])
#if SEATS == 1
#define TIME_IS_OVER STANDS(0)
#elif SEATS == 2
#define TIME_IS_OVER ((STANDS(0) || STANDS(1)) && !RUNS(0) && !RUNS(1))
#else
#define TIME_IS_OVER ((STANDS(0) || STANDS(1) || STANDS(2)) && !RUNS(0) && !RUNS(1) && !RUNS(2))
#endif
#define FRESH 0     /* nothing seen of this seq yet */
#define SUSPECTS 1  /* found pending: a second settle() notes who is in the way */
#define WAITS 2
#define LAST 3      /* time is over: the last settle() */
#endif
/* A claim that begins within the run. */
#if RUNS
#ifdef M_RUN_TO_HEAD
#define MEETS(c) false
#else
#define MEETS(c) (LO(c) > cursor && LO(c) < run_end && (KIND(c) == 1 || KIND(c) == 2))
#endif
#endif
#define MOVE_ON if :: fate[cursor] == PUBLISHED -> fate[cursor] = OPEN :: else fi; cursor++
#define LOSE if :: fate[cursor] == PUBLISHED -> fate[cursor] = OPEN :: else -> fate[cursor] = LOST fi; cursor++

proctype Reader() {
  byte s, k, c, a, b, oldest, target, first;
  bit covered, quiet;
#if RUNS
  byte settled;  /* settled_end_: below it T1 and T2 are behind */
  byte run_end;  /* of the scan under way */
  byte streak;   /* holes in a row, since that scan */
#endif
#if STOPS
  byte phase;
  bit all_stuck;
  bit runs; /* ghost: a claim is taken for a stuck one whose holder runs */
  byte suspects[SEATS], stuck[SEATS]; /* StuckClaims */
#endif

next_seq:
  atomic { s = 0; k = 0; c = 0; a = 0; b = 0; oldest = 0; target = 0; first = 0; covered = 0; quiet = 0 }
#if STOPS
  atomic { phase = FRESH; all_stuck = 0; runs = 0;
           do :: k == SEATS -> k = 0; break :: else -> suspects[k] = 0; k++ od }
#endif
T1:
  if
#ifdef M_NO_T1
  :: cursor < SEQS
#else
  :: head > cursor
#endif
  :: finished == SEATS && head == cursor -> goto end
  fi;
look:
  s = stamp[cursor % SLOTS]; /* R1 */
  if
  :: s == DONE(cursor) ->
#if RUNS
     streak = 0;
#endif
     a = word0[cursor % SLOTS]; /* R2 */
     b = word1[cursor % SLOTS];
     atomic { /* R4 */
       if
#ifdef M_NO_R4
       :: true -> assert(a == cursor + 1 && b == cursor + 1); MOVE_ON; goto next_seq
#else
       :: stamp[cursor % SLOTS] == s -> assert(a == cursor + 1 && b == cursor + 1); MOVE_ON; goto next_seq
       :: else -> a = 0; b = 0; goto lapped
#endif
       fi
     }
#ifdef M_BUSY_IS_NEWER
  :: s > DONE(cursor) -> goto lapped
#else
  :: IS_NEWER(s, cursor) -> goto lapped
#endif
#ifdef M_HEAD_LAPS /* takes the distance to head for a proof */
  :: s < DONE(cursor) && head - cursor > SLOTS -> goto lapped
#endif
  :: else
  fi;

#if RUNS
  if
  :: cursor < settled -> goto T3
  :: else -> atomic { streak = 0; run_end = head } /* T1 */
  fi;
#endif
  /* settle() */
  atomic { s = 0; covered = 0;
#if STOPS
           all_stuck = 1; runs = 0
#endif
         }
#ifndef M_READER_NO_SCAN
  do
  :: k == SEATS -> k = 0; break
  :: else ->
T2:  /* the claim, then hi, then the lease */
     atomic { c = claim[k];
#if !BATCHERS
              if
#ifdef M_READER_CLAIMING_OK
              :: KIND(c) == 2 && COVERS(c, 0, cursor)
#else
              :: COVERS(c, 0, cursor)
#endif
#if RUNS
              :: !COVERS(c, 0, cursor) && MEETS(c)
#endif
              :: else -> c = 0
              fi
#endif
            }
#if BATCHERS
#ifdef M_READER_NO_HI
     if :: COVERS(c, 0, cursor) :: else -> c = 0 fi;
#elif RUNS
     atomic { if :: COVERS(c, hi[k], cursor) || MEETS(c) :: else -> c = 0 fi }
#else
     atomic { if :: COVERS(c, hi[k], cursor) :: else -> c = 0 fi }
#endif
#endif
     if
     :: c == 0
     :: else ->
        atomic {
          if
#if RUNS
          :: LO(c) > cursor && lease[k] -> run_end = LO(c)
          :: LO(c) <= cursor && lease[k] -> covered = 1;
#elif defined(M_READER_NO_LEASE)
          :: true -> covered = 1;
#else
          :: lease[k] -> covered = 1;
#endif
#if STOPS
             if :: stuck[k] == c -> runs = runs || !is_stopped[k] :: else -> all_stuck = 0 fi;
             if
             :: phase == SUSPECTS -> suspects[k] = c
             :: phase == LAST ->
#ifdef M_MARK_ALL
                stuck[k] = c
#else
                if :: suspects[k] == c -> stuck[k] = c :: else fi
#endif
             :: else
             fi
#endif
          :: else
          fi;
          c = 0
        }
     fi;
     k++
  od;
#endif
T3:
#ifdef M_NO_T3
  atomic { if :: covered -> goto pending :: else -> assert(fate[cursor] != PUBLISHED); LOSE; goto next_seq fi }
#else
  atomic {
    s = stamp[cursor % SLOTS];
    if
    :: s == DONE(cursor) || IS_NEWER(s, cursor) -> s = 0; covered = 0; goto look
    :: else -> s = 0;
       if
       :: covered -> covered = 0; goto pending
       :: else -> assert(fate[cursor] != PUBLISHED); LOSE; /* a hole, for ever */
#if RUNS
          if :: settled < run_end -> settled = run_end :: else fi;
          streak++;
          if
          :: streak == SLOTS -> /* all slots have been looked at: a look serves for the later seqs of the slot, too */
             do
             :: cursor < settled -> assert(fate[cursor] != PUBLISHED); LOSE
             :: else -> break
             od;
             streak = 0
          :: else
          fi;
          run_end = 0;
#endif
          goto next_seq
       fi
    fi
  }
#endif

pending: /* resolve_pending() */
#if STOPS
  if
  :: atomic { phase == LAST -> MOVE_ON; goto next_seq }                                          /* passed over */
  :: atomic { (phase == FRESH || phase == WAITS) && all_stuck -> assert(!runs); MOVE_ON; goto next_seq } /* likewise */
  :: atomic { phase == FRESH && !all_stuck -> phase = SUSPECTS; goto look }
  :: atomic { phase == SUSPECTS -> phase = WAITS }
  :: phase == WAITS && !all_stuck
  fi;
#endif
  if
  :: finished < SEATS -> goto look
  :: atomic { finished == SEATS && !quiet -> quiet = 1; goto look } /* once more; to look in vain now is an error */
#if STOPS
  :: atomic { TIME_IS_OVER -> phase = LAST; goto look }
#endif
#if HOLD_ANY
  :: atomic { MOVE_ON; goto next_seq } /* passed over */
#endif
  fi;

lapped: /* the skid is up to half the ring: here that, or nothing */
  atomic {
    s = 0; k = 0;
#if RUNS
    streak = 0;
#endif
    oldest = (head > SLOTS -> head - SLOTS : 0);
    oldest = (oldest > cursor + 1 -> oldest : cursor + 1);
    first = (oldest - cursor > SLOTS -> oldest : cursor + 1)
  }
  if
  :: oldest - cursor > SLOTS -> /* first_unproven(): one look per slot */
     do
     :: k == SLOTS -> k = 0; break
     :: else ->
        atomic {
          s = stamp[(cursor + k) % SLOTS];
#ifdef M_PROVES_ITSELF
          s = (s > 1 && STAMP_SEQ(s) + 1 > cursor + k -> STAMP_SEQ(s) + 1 : cursor + k);
#else
          s = (s > 1 && STAMP_SEQ(s) > cursor + k -> STAMP_SEQ(s) : cursor + k);
#endif
          first = (s < first -> s : first); s = 0; k++
        }
     od;
     atomic { /* that took a while: head once more */
       first = (first > cursor + 1 -> first : cursor + 1);
       oldest = (head > SLOTS -> head - SLOTS : 0);
       oldest = (oldest > first -> oldest : first)
     }
  :: else
  fi;
  do
  :: atomic { first < oldest && IS_NEWER(stamp[first % SLOTS], first) -> first++ }
  :: atomic { first >= oldest || !IS_NEWER(stamp[first % SLOTS], first) -> break }
  od;
  atomic {
    do
    :: cursor < first -> LOSE
    :: else -> break
    od
  }
  atomic {
    if
    :: cursor == oldest ->
       target = oldest;
#if SLOTS > 1
       if :: target = target + SLOTS / 2 :: skip fi;
#endif
       do /* what the skid leaps over is passed over, without a look */
       :: cursor < target -> MOVE_ON
       :: else -> break
       od
    :: else
    fi
  }
  goto next_seq;

end:
  skip
}
#endif

init {
  atomic {
    byte i;
    for (i : 0 .. WRITERS - 1) { run Writer(i, VALUES) }
#if PROBE
    run Writer(WRITERS, PROBE);
#endif
#if READER
    run Reader();
#endif
    i = 0
  }
}
