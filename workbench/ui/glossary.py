"""What every part of the screen is for and what each of its numbers and signs means, for the help screen."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """One part of the screen, explained."""

    purpose: str
    """A sentence or two."""
    meanings: tuple[tuple[str, str], ...] = ()
    """Numbers and signs that stand there, each with its definition."""


PARTS: dict[str, Part] = {
    "Compare screen": Part(
        "Function keys and keys with Ctrl work wherever you are; letters and signs do so outside the query line, "
        "where they are typed.",
    ),
    "Query line": Part(
        "Type, and both lists follow. The arrow keys move through the results without leaving the line.",
        (
            ("words", "A document matches when it holds at least one of them, in any form (charge, charging)."),
            ('"a phrase"', "These words in this order."),
            ("title:word", 'In this field alone; body:word and title:"a phrase" work too.'),
        ),
    ),
    "Ranked lists": Part(
        "Left is BM25, or what else a cluster's first stage is, or the baseline you pinned; right is what the reranker "
        "made of its first candidates. The selected document is marked in both, and a line joins its two places where "
        "there is room.",
        (
            ("▲4 ▼2 =", "Shift: rank in the left list minus rank in the right one. ▲4 rose by four, ▼2 fell by two."),
            ("+", "Entered: among the compared rows at the right, but not at the left."),
            ("-", "Left: among the compared rows at the left, but not at the right."),
            ("(5)", "The rank in the other list."),
            ("━━━╸", "The score; bars compare within one list only."),
            ("✂", "The model did not read all of this document; ≈✂ when that is an estimate."),
            (
                "rrf",
                "Reciprocal rank fusion: the ranks of BM25 and of a search by meaning, added up as 1 / (k + rank).",
            ),
            ("linear", "The scores of BM25 and of a search by meaning, stretched to 0–1 and added up."),
            ("template", "Ranked by your own query template."),
            ("matches", "Documents in the corpus that match the query; the list holds the first of them."),
        ),
    ),
    "Document": Part(
        "The text of the selected document, with the words that match the query marked.",
        (
            ("│", "The model read this line."),
            ("✂", "The model stopped reading in this line."),
            ("┊", "The model did not read this line."),
            (
                "tokens",
                "Words and parts of words, as the model counts them. Where it read 254 of 812, the other 558 cannot "
                "have changed the score. ≈ before a count: an estimate from the number of words, for a model whose "
                "tokenizer is not on this machine.",
            ),
        ),
    ),
    "Scores": Part(
        "How the selected document scored, how close its neighbours are, and which terms its BM25 score was made "
        "from. Two scores compare only within one score space.",
        (
            (
                "bm25",
                "Sum over the query's terms of boost × idf × tf, zero and up. idf = ln(1 + (N − n + .5) / (n + .5)) "
                "for a term in n of N documents; tf = 2.2 f / (f + 1.2 (.25 + .75 length / mean length)) for f "
                "occurrences. Of a document's fields the better one counts.",
            ),
            ("logit", "A cross-encoder's raw output: any number; higher is better."),
            ("sigmoid", "1 / (1 + e^−logit): the logit between 0 and 1, in the same order."),
            ("cosine", "A bi-encoder's score: the cosine of the query's and the document's vectors, −1 to 1."),
            (
                "mix",
                "w × model + (1 − w) × BM25, both stretched to 0–1 over this query's candidates. Says nothing "
                "across queries.",
            ),
            ("relevance", "What a hosted inference service gives, in units that only it knows; higher is better."),
            (
                "es",
                "What Elasticsearch shows as _score after reranking: max(logit, 0) + min(e^logit, 1). So logit + 1 "
                "above 0, e^logit below, 1 at 0; the order stays.",
            ),
            ("behind, ahead", "The gap to the next better and the next worse document at the right."),
            ("◆", "The selected document among all candidates, from the lowest score to the highest."),
            (
                "threshold",
                "A score you move; beside it, how many results score at least that much. Elasticsearch compares its "
                "min_score with the logit, although its hits show the es score.",
            ),
            ("title:heat", "What a term adds to BM25 in a field. Those that count add up to the score exactly."),
        ),
    ),
    "Shifts": Part(
        "How much the right list differs from the left one over the compared rows, and the documents that moved "
        "farthest; choosing one selects it in both lists.",
        (
            ("up down same", "Rows of the right list that rank higher, lower or the same as at the left."),
            ("entered", "Documents among the right list's compared rows, but not among the left one's."),
            ("left", "Documents among the left list's compared rows, but not among the right one's."),
            (
                "tau",
                "Kendall's tau of the documents in both: pairs in the same order minus pairs in opposite order, over "
                "all pairs. 1 the same order, 0 unrelated, −1 reversed; – with fewer than two.",
            ),
            (
                "rbo .9",
                "Rank-biased overlap, extrapolated, p = .9: how much the lists share, the top counting most. 1 equal, "
                "0 nothing shared; the first ten rows make up 86 % of it.",
            ),
            ("rbo .5", "The same with p = .5: the first three rows make up 95 % of it."),
            ("jaccard", "Documents in both over documents in either; order does not count."),
            ("top 10", "How many rows of each list are compared (the size)."),
        ),
    ),
    "Tuning": Part(
        "Settings that change the ranking; each change runs the query again at once. A changed one is marked and "
        "can be set back.",
        (
            ("boost", "What a field's BM25 score is multiplied by; 0 leaves the field out."),
            ("mix", "The model's share w in the mix, 0 to 1; 1 is the model alone. Only with a bi-encoder."),
            ("depth", "Candidates that are reranked; Elasticsearch calls it rank_window_size."),
            ("size", "Rows of each list that are compared."),
            ("reads", "The fields that the model is given."),
            ("first stage", "What ranks the candidates on a cluster: BM25, rrf, linear, or your own query template."),
            ("filter", "One of the profile's filters, or none."),
            (
                "rerank",
                "retriever: the search itself reranks, in one request. inference: the candidates are fetched once and "
                "sent to the inference endpoint in batches.",
            ),
            ("endpoint", "The inference endpoint that reranks."),
            ("min score", "The logit below which the retriever drops a document."),
            ("chunks", "The best so many chunks of a document that are scored instead of its beginning."),
        ),
    ),
    "Request": Part(
        "The exact query that ran, in the engine's own words. With a cluster, what is odd about it and what to do, "
        "then every request that was sent, with what came back.",
        (
            ("⚠", "A finding: the request went through, but not as you may think. The number stands in the top line."),
            ("took", "Milliseconds that the server says it worked."),
            ("network", "The rest of the wait for it."),
        ),
    ),
    "Profiles": Part(
        "A profile leads to a cluster; its name stands reversed at the top left, in the colour you gave it. What must "
        "not be overlooked about it, such as a certificate that nobody checks, stands beside it.",
        (
            ("by retriever", "How the cluster reranks; see rerank in Tuning."),
            ("retrying in 4 s", "The cluster cannot be asked. It is asked again by itself, ever less often."),
        ),
    ),
    "Latency": Part(
        "Where the time of the last query went, in milliseconds.",
        (
            ("retrieve", "Finding and scoring the candidates; of a cluster, what it says that this took."),
            ("fetch", "Reading the candidates' text."),
            ("tokenize", "Cutting the text into tokens."),
            (
                "rerank",
                "The model at work; documents it has met before are quick. By way retriever, what the cluster says "
                "that the second search took, its first stage included; by way inference, the wait for its answers.",
            ),
            ("network", "Waiting for a cluster, further tries included, less what it says it took."),
            ("ours", "What is left of the whole: our own part."),
            ("in all", "From the query to the last score, waiting included."),
        ),
    ),
    "Model": Part("What state the reranking model is in, and what it is waiting for."),
    "Presenter mode": Part(
        "Nothing but the query, the two lists and the lines, with more room. In a blind vote the sides are shuffled "
        "and unnamed until you have said which one is better; the tally runs on.",
    ),
    "Query drawer": Part(
        "Recent queries and those that came with the corpus; typing narrows them. The lists of themes, of saved states "
        "and of places have the same keys.",
    ),
    "Save": Part("Asks for a name to keep the query and all settings under."),
    "Recall": Part("The queries and settings you saved; Enter brings them back."),
    "Explanation": Part("How one score of the left list came about, down to the last factor."),
    "Truncation": Part(
        "What the model read of one document and what it did not, in four views. In the first, +, -, s, m and f ask "
        "what would be cut with another budget, strategy, tokenizer or other fields; scores stay those of what was "
        "really read. Text that you paste takes the document's place; Backspace brings the document back.",
        (
            ("budget", "Tokens that the model reads at once, special ones included."),
            ("special", "Tokens that the model wants around what it reads, such as [CLS] and [SEP]."),
            (
                "balanced",
                "How Elasticsearch cuts a pair: the longer side gives way, down to half of the room; the odd token is "
                "the document's.",
            ),
            (
                "longest-first",
                "How Hugging Face cuts a pair: the longer side loses token by token; the odd token is the longer "
                "side's.",
            ),
            ("head-only", "Query and document are read apart, each up to the budget. What bi-encoders do."),
            ("what if", "What is shown is not how the model really reads; r goes back to that."),
            ("≈ estimated", "No tokenizer of the model is at hand: counts are reckoned from the number of words."),
            ("a control token", "A literal [SEP] or the like in the text really separates, for the model."),
        ),
    ),
    "Tokens": Part(
        "Query and document, token by token. A line at the left runs beside what was read.",
        (
            ("[CLS]", "A special token, in its place."),
            ("✂", "Where reading stopped. What follows cannot have changed the score."),
            ("pieces", "A cell for each token, as the vocabulary writes it; ▁ or no ## begins a word."),
            ("ids", "The numbers that the model is fed."),
            ("lengths", "How many tokens the candidates have; the upright line is what fits beside this query."),
        ),
    ),
    "Experiments": Part(
        "Enter begins what the view offers, at the cost it names; Esc stops it, and what was found stays. It goes on "
        "while you look at other documents and views.",
    ),
    "Verdict": Part(
        "Whether truncation mattered: what was not read is cut into pieces that fit, and each is scored with the same "
        "query by the same model.",
        (
            ("= harmless", "No piece scores higher than what was read."),
            ("▲ suppressed", "A piece scores higher, but would not lift the document among the compared rows."),
            ("◆ decisive", "With its best piece's score the document would rise into the compared rows, or in them."),
            ("17 → 3", "Its rank, and the rank it would have with the score of its best piece."),
            ("would be", "The list if every document had the best of what was read and of its pieces."),
        ),
    ),
    "Chunks": Part(
        "The same document cut up in the ways that Elasticsearch knows. Boundaries are ICU's, as on the server.",
        (
            (
                "semantic_text",
                "Chunks for finding the document. Without chunk_rescorer a reranker is not given them, but the whole "
                "text.",
            ),
            (
                "long_document_strategy",
                "A setting of the inference endpoint: chunks sized for the query, each scored; the best one counts.",
            ),
            ("chunk_rescorer", "A setting of the retriever: BM25 picks the best chunks, and the model reads those."),
            ("sent", "The model would be given this chunk."),
            ("pairs", "Inferences that this document would cost."),
            ("▲ ▼", "The best chunk's score against that of the document as it is cut now."),
        ),
    ),
    "Ablation": Part(
        "What each sentence of the document, or each term of the query, adds to the score: the score, less the score "
        "without it. When a sentence that was read is left out, what follows moves up into the window.",
        (
            (
                "exactly 0",
                "Sentences beyond the cut must change nothing. They are scored like the others, to check it.",
            ),
            ("moves", "The model is fed other tokens without this part, although it did not read it."),
        ),
    ),
    "Jump mode": Part("A letter stands on every panel; press it, or click it, to go there."),
    "Mouse": Part(
        "Click selects, the wheel scrolls, dragging selects text. Holding Shift (in some terminals Option) leaves "
        "the mouse to the terminal.",
    ),
}
"""By scope where it has keys of its own."""
