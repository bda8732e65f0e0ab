// A frontend's first program: reads games, prices a parlay, and gets an error whose type it knows.
// What it needs of the types is checked by the compiler; what it prints is checked by the test.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

declare const process: { argv: string[] };

type Game = components["schemas"]["Game"];
type Problem = components["schemas"]["Problem"];

const client = createClient<paths>({ baseUrl: process.argv[2] });

const sports = await client.GET("/api/sports");
const games = await client.GET("/api/games", { params: { query: { sport: "basketball_nba", limit: 5 } } });
if (sports.data === undefined || games.data === undefined) throw new Error("a read failed");

function legOf(game: Game): components["schemas"]["LegRequest"] {
  return { game_id: game.id, market: "h2h", outcome: game.home_team };
}

const legs = games.data.games.slice(-2).map(legOf);
const priced = await client.POST("/api/parlays/price", { body: { legs } });
if (priced.data === undefined) throw new Error(`not priced: ${priced.error?.detail}`);
const american: number = priced.data.price_american;
const labels: string[] = priced.data.legs.map((leg) => leg.label);

const refused = await client.POST("/api/parlays/price", {
  body: { legs: [legs[0], { ...legs[1], game_id: "none" }] },
});
const problem: Problem | undefined = refused.error;
if (problem === undefined) throw new Error("a leg on no game was priced");

// @ts-expect-error a misspelt field does not compile
void games.data.games[0]?.home_taem;
// @ts-expect-error nor does a market that does not exist
const wrong: components["schemas"]["LegRequest"] = { game_id: "x", market: "props", outcome: "y" };
void wrong;

console.log(
  JSON.stringify({
    sports: sports.data.sports.length,
    games: games.data.games.map((game) => game.id),
    american,
    labels,
    problem: { status: problem.status, field: problem.errors?.[0]?.field, request_id: problem.request_id },
  }),
);
