import RelayCore
import RelaySupport
import RelayTesting
import RevKeen
import Testing

struct WireTests {
    @Test func `the page's own example is read whole`() async throws {
        let detail = try await client(headers: [("date", "Tue, 24 Nov 2026 09:00:00 GMT")], body: Self.page).run("r", of: "a")

        var run = Run(id: "497f6eca-6276-4993-bfeb-53cbbbba6f08")
        run.automationID = "64fb5f73-6415-4f56-8e9e-ca06539f09ac"
        (run.automationName, run.status, run.triggerSource, run.summary) = ("string", "string", "string", "string")
        run.errorMessage = "string"
        run.createdAt = MomentText("string")
        run.startedAt = MomentText("string")
        run.completedAt = MomentText("string")
        #expect(detail.run.automation?.riskProfile == "string")
        run.automation = detail.run.automation
        #expect(detail.run == run)

        var step = Step(id: run.id)
        (step.type, step.name, step.status) = ("string", "string", "string")
        step.createdAt = MomentText("string")
        #expect(detail.steps == [step])

        var approval = Approval(id: run.id).filled(from: run)
        (approval.status, approval.actionSummary, approval.rejectionReason) = ("string", "string", "string")
        approval.approvedByUserID = "6f927876-90f9-4dae-8888-4b498595faf4"
        (approval.approvedAt, approval.createdAt, approval.updatedAt) = (
            MomentText("string"), MomentText("string"), MomentText("string")
        )
        #expect(detail.approvals == [approval])

        var notification = Notification(id: run.id)
        (notification.type, notification.priority, notification.message) = ("string", "string", "string")
        (notification.deliveredAt, notification.createdAt) = (MomentText("string"), MomentText("string"))
        #expect(detail.notifications == [notification])
        #expect(detail.skipped == 0)
    }

    @Test func `an approval of a run's detail is filled from its run`() async throws {
        let body =
            #"{"data":{"id":"r1","automation_id":"au","automation_name":"Dunning","status":"waiting","approvals":[{"id":"a1"}]}}"#
        let approval = try #require(try await client(body: body).run("r1", of: "au").approvals.first)
        #expect(approval.runID == "r1")
        #expect(approval.automationID == "au")
        #expect(approval.automationName == "Dunning")
        #expect(approval.runStatus == "waiting")
    }

    @Test func `entries without a usable id are counted, the others kept`() async throws {
        let long = String(repeating: "a", count: 129)
        let body = """
            {"data":[{"id":"one"},{"id":null},{},null,7,"x",[],{"id":""},{"id":"../x"},{"id":".."},{"id":"a b"},{"id":"\(long)"},\
            {"id":true},{"id":{"a":1}},{"id":42}]}
            """
        let listing = try await client(body: body).approvals()
        #expect(listing.items.map(\.id) == ["one", "42"])
        #expect(listing.skipped == 13)
    }

    @Test func `wrong types become words or nothing`() throws {
        let read = try approval(
            """
            {"status":7,"action_summary":["x"],"automation_name":true,"created_at":1795510800,"approved_at":false,"run_id":{},
            "approved_by_user_id":"  ","rejection_reason":""}
            """
        )
        #expect(read.status == "7")
        #expect(read.actionSummary == nil)
        #expect(read.automationName == "true")
        #expect(read.createdAt?.moment == Timestamp(seconds: 1_795_510_800))
        #expect(read.approvedAt == nil)
        #expect(read.runID == nil)
        #expect(read.approvedByUserID == nil)
        #expect(read.rejectionReason == nil)
    }

    @Test func `nulls everywhere leave only the id`() throws {
        let keys = [
            "run_id", "automation_id", "automation_name", "run_status", "trigger_source", "status", "action_summary",
            "actions_json",
            "approved_by_user_id", "approved_at", "rejection_reason", "created_at", "updated_at",
        ]
        let nulls = keys.map { "\"\($0)\":null" }.joined(separator: ",")
        #expect(try approval("{\(nulls)}") == Approval(id: "a1"))
    }

    @Test func `texts are repaired at the wire, inside any JSON too`() throws {
        let read = try approval(#"{"action_summary":"pay\u0000 \u202e100\r\nnow","actions_json":{"no\u0007te":["a\u2066b"]}}"#)
        #expect(read.actionSummary == "pay 100\nnow")
        #expect(read.actions == ["note": ["ab"]])
    }

    @Test func `a text that holds JSON is read, so that redaction reaches into it`() throws {
        #expect(try approval(#"{"actions_json":" {\"email\":\"x@y\"}"}"#).actions == ["email": "x@y"])
        #expect(try approval(#"{"actions_json":"{not json"}"#).actions == "{not json")
        #expect(try approval(#"{"actions_json":"7"}"#).actions == "7")
    }

    @Test(
        arguments: [
            (#"[{"id":"a","created_at":"2026-01-02"},{"id":"b","created_at":"2026-01-01"}]"#, "newest"),
            (#"[{"id":"a","created_at":"2026-01-01"},{"id":"b","created_at":"2026-01-02"}]"#, "oldest"),
            (
                #"[{"id":"a","created_at":"2026-01-01"},{"id":"b","created_at":"2026-01-02"},{"id":"c","created_at":"2026-01-01"}]"#,
                "none"
            ),
            (#"[{"id":"a","created_at":"2026-01-02"},{"id":"b","created_at":"x"},{"id":"c","created_at":"2026-01-01"}]"#, "unknown"),
            (#"[{"id":"a","created_at":"2026-01-01"},{"id":"b","created_at":"2026-01-01"}]"#, "unknown"),
            (#"[{"id":"a","created_at":"2026-01-01"}]"#, "unknown"), ("[]", "unknown"),
        ] as [(LongText, String)])
    func `a list's order is read from its times`(data: LongText, order: String) async throws {
        let data = data.text
        #expect(try await client(body: #"{"object":"list","data":\#(data)}"#).approvals().order.rawValue == order)
    }

    @Test func `a list tells what it shows of the account`() async throws {
        let listing = try await client(
            headers: [("x-ratelimit-limit", "250"), ("revkeen-version", "2026-05-01"), ("date", "Tue, 24 Nov 2026 09:00:00 GMT")],
            body: #"{"object":"list","data":[{"id":"a"},{"id":null}],"pagination":{"total":9,"hasMore":true},"url":"/v2"}"#
        ).automations(limit: 2)
        #expect(listing.rateLimit == 250)
        #expect(listing.date == Timestamp(seconds: 1_795_510_800))
        #expect(listing.pagingKeys == ["pagination.hasMore", "pagination.total", "url"])
        #expect(listing.isFull)
    }

    @Test func `a list with fewer entries than asked for is not full`() async throws {
        let listing = try await client(body: #"{"data":[{"id":"a"}]}"#).automations(limit: 2)
        #expect(!listing.isFull)
        #expect(listing.pagingKeys.isEmpty)
    }

    static let page = """
        {"data": {
        "id": "497f6eca-6276-4993-bfeb-53cbbbba6f08",
        "object": "automation_run",
        "automation_id": "64fb5f73-6415-4f56-8e9e-ca06539f09ac",
        "automation_name": "string",
        "status": "string",
        "trigger_source": "string",
        "summary": "string",
        "error_message": "string",
        "created_at": "string",
        "started_at": "string",
        "completed_at": "string",
        "automation_version_id": "cda2ed79-119f-41c9-a9ef-36f4a9f69a6f",
        "thread_id": "1de43264-67cb-48af-89f9-e865c375bb84",
        "trigger_payload": null,
        "version": {"id": "497f6eca-6276-4993-bfeb-53cbbbba6f08", "version": 0, "objective": "string"},
        "automation": {
        "id": "497f6eca-6276-4993-bfeb-53cbbbba6f08",
        "name": "string",
        "status": "string",
        "trigger_type": "string",
        "risk_profile": "string"
        },
        "steps": [
        {
        "id": "497f6eca-6276-4993-bfeb-53cbbbba6f08",
        "step_index": 0,
        "step_type": "string",
        "name": "string",
        "status": "string",
        "input_json": null,
        "output_json": null,
        "duration_ms": 0,
        "created_at": "string"
        }
        ],
        "approvals": [
        {
        "id": "497f6eca-6276-4993-bfeb-53cbbbba6f08",
        "status": "string",
        "action_summary": "string",
        "actions_json": null,
        "approved_by_user_id": "6f927876-90f9-4dae-8888-4b498595faf4",
        "approved_at": "string",
        "rejection_reason": "string",
        "created_at": "string",
        "updated_at": "string"
        }
        ],
        "notifications": [
        {
        "id": "497f6eca-6276-4993-bfeb-53cbbbba6f08",
        "type": "string",
        "priority": "string",
        "message": "string",
        "payload_json": null,
        "delivered_at": "string",
        "created_at": "string"
        }
        ]
        }
        }
        """
}
