// The campaign that is open: its head, its decision and how that came about are of one document.

import { campaign as address, get } from "./api.js";
import { full } from "./tenants.js";

/** A daemon that does not answer within this has no document to wait for. */
const LONGEST_WAIT_MS = 2_000;

/** The number of a decision's run and tick, so that the later of two is known. */
function number(decision) {
  return (decision ?? "0-0").split("-").map(Number);
}

function later(a, b) {
  const [[run, tick], [otherRun, otherTick]] = [number(a), number(b)];
  return run > otherRun || (run === otherRun && tick >= otherTick) ? a : b;
}

/**
 * The status in which the campaign that is open is as its own document says, and that document. Decisions may follow each other faster
 * than documents can be asked for: what is asked for last then stands on every part of the page.
 */
export async function withOpened(latest, open) {
  const there = open && latest.status.campaigns.some(({ id }) => id === open);
  if (!there) return { ...latest, detail: null };
  try {
    const detail = await get(address(open), AbortSignal.timeout(LONGEST_WAIT_MS));
    const campaign = { ...detail.campaign, id: full(detail.campaign) };
    const { status } = latest;
    const campaigns = status.campaigns.map((one) => (one.id === open ? campaign : one));
    const decision = status.decision && later(campaign.decision, status.decision);
    return { ...latest, status: { ...status, campaigns, decision }, detail: { ...detail, campaign } };
  } catch {
    return { ...latest, detail: null };
  }
}
