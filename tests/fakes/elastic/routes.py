"""What there is to ask for: path, handler, parameters, the privilege it takes, and whether a serverless project has it.

Parameters that the real server has and that change nothing here are listed; its others are refused like unknown ones.
"""

from tests.fakes.elastic import accounts, indices, inference, lifecycle, searching
from tests.fakes.elastic.rest import Route

_WHERE = "ignore_unavailable allow_no_indices expand_wildcards"
_WAIT = "timeout master_timeout"
_ABOUT = f"{_WHERE} {_WAIT} local"
_SEARCH = (
    f"{_WHERE} allow_partial_search_results batched_reduce_size ccs_minimize_roundtrips preference request_cache "
    "rest_total_hits_as_int routing scroll search_type timeout typed_keys max_concurrent_shard_requests"
)
_MSEARCH = "typed_keys max_concurrent_searches rest_total_hits_as_int"
_PIT = f"{_WHERE} keep_alive preference routing allow_partial_search_results"
_FIELD_CAPS = f"fields include_unmapped filters types include_empty_fields {_WHERE}"
_DOCUMENT = "_source _source_includes _source_excludes realtime preference routing refresh"
_BULK = "refresh routing timeout wait_for_active_shards require_alias require_data_stream pipeline"
_MODELS = "allow_no_match from size"
_START = (
    "deployment_id number_of_allocations threads_per_allocation priority queue_capacity cache_size timeout wait_for"
)
_TASKS = "actions detailed group_by nodes parent_task_id timeout wait_for_completion"

_LOOK = "view_index_metadata"
_ML = "/_ml/trained_models"

ROUTES = (
    Route("GET", "/", accounts.greeting, "", "monitor"),
    # Licence, users
    Route("GET", "/_license", accounts.licence, "local accept_enterprise"),
    Route("GET", "/_license/trial_status", accounts.trial_status, serverless=False),
    Route("POST", "/_license/start_trial", accounts.start_trial, "acknowledge type", "manage", serverless=False),
    Route("GET", "/_xpack", accounts.xpack, "categories accept_enterprise", "monitor", serverless=False),
    Route("GET", "/_security/_authenticate", accounts.authenticate),
    Route("GET POST", "/_security/user/_has_privileges", accounts.has_privileges),
    Route("GET", "/_cluster/health", accounts.health, _WAIT, "monitor", serverless=False),
    # Indices
    Route("GET", "/_resolve/index/{name}", indices.resolve, _WHERE, _LOOK),
    Route("GET POST", "/_field_caps", indices.field_caps, _FIELD_CAPS, _LOOK),
    Route("GET POST", "/{index}/_field_caps", indices.field_caps, _FIELD_CAPS, _LOOK),
    Route("GET", "/_mapping", indices.mapping, _ABOUT, _LOOK),
    Route("GET", "/{index}/_mapping", indices.mapping, _ABOUT, _LOOK),
    Route("GET", "/{index}", indices.show, f"{_ABOUT} features flat_settings include_defaults", _LOOK),
    Route("PUT", "/{index}", indices.create, f"{_WAIT} wait_for_active_shards", "create_index"),
    Route("DELETE", "/{index}", indices.delete, f"{_WHERE} {_WAIT}", "delete_index"),
    Route("GET POST", "/_refresh", indices.refresh, _WHERE, "maintenance"),
    Route("GET POST", "/{index}/_refresh", indices.refresh, _WHERE, "maintenance"),
    Route("GET", "/{index}/_doc/{id}", indices.document, _DOCUMENT, "read"),
    Route("GET POST", "/{index}/_mget", indices.documents, _DOCUMENT, "read"),
    Route("PUT POST", "/_bulk", indices.bulk, _BULK, "write"),
    Route("PUT POST", "/{index}/_bulk", indices.bulk, _BULK, "write"),
    Route("GET POST", "/_analyze", indices.analyze, "", "monitor"),
    Route("GET POST", "/{index}/_analyze", indices.analyze, "index", _LOOK),
    # Searches
    Route("GET POST", "/_search", searching.search, _SEARCH, "read"),
    Route("GET POST", "/{index}/_search", searching.search, _SEARCH, "read"),
    Route("GET POST", "/_msearch", searching.msearch, _MSEARCH, "read"),
    Route("GET POST", "/{index}/_msearch", searching.msearch, _MSEARCH, "read"),
    Route("GET POST", "/_count", searching.count, f"{_WHERE} preference routing", "read"),
    Route("GET POST", "/{index}/_count", searching.count, f"{_WHERE} preference routing", "read"),
    Route("GET POST", "/{index}/_explain/{id}", searching.explain, "_source routing preference", "read"),
    Route("GET POST", "/{index}/_validate/query", searching.validate, f"{_WHERE} explain rewrite all_shards", "read"),
    Route("POST", "/{index}/_pit", searching.open_pit, _PIT, "read"),
    Route("DELETE", "/_pit", searching.close_pit),
    # Inference endpoints, and the model behind them
    Route("GET", "/_inference", inference.endpoints, "", "monitor_inference"),
    Route("GET", "/_inference/{id}", inference.endpoints, "", "monitor_inference"),
    Route("GET", "/_inference/rerank/{id}", inference.endpoints, "", "monitor_inference"),
    Route("POST", "/_inference/rerank/{id}", inference.rerank, "timeout", "monitor_inference"),
    Route("PUT", "/_inference/rerank/{id}", inference.put_endpoint, "timeout", "manage_inference"),
    Route("DELETE", "/_inference/rerank/{id}", inference.delete_endpoint, "dry_run force", "manage_inference"),
    Route("GET", _ML, lifecycle.models, f"{_MODELS} include tags", "monitor_ml"),
    Route("GET", f"{_ML}/_stats", lifecycle.model_stats, _MODELS, "monitor_ml"),
    Route("GET", f"{_ML}/{{model}}", lifecycle.models, f"{_MODELS} include tags", "monitor_ml"),
    Route("GET", f"{_ML}/{{model}}/_stats", lifecycle.model_stats, _MODELS, "monitor_ml"),
    Route("PUT", f"{_ML}/{{model}}", lifecycle.put_model, "wait_for_completion", "manage_ml"),
    Route("DELETE", f"{_ML}/{{model}}", lifecycle.delete_model, "force timeout", "manage_ml"),
    Route("POST", f"{_ML}/{{model}}/deployment/_start", lifecycle.start_deployment, _START, "manage_ml"),
    Route("POST", f"{_ML}/{{model}}/deployment/_stop", lifecycle.stop_deployment, "allow_no_match force", "manage_ml"),
    Route("GET", "/_ml/info", lifecycle.info, "", "monitor_ml", serverless=False),
    Route("GET", "/_tasks", lifecycle.tasks, _TASKS, "monitor", serverless=False),
)
