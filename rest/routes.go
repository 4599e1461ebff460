package rest

import "net/http"

// route is a row of the table: a request that is answered by an operation.
type route struct {
	method    string
	path      string // below Base; a name in braces is a variable of the operation
	operation string // of operations/*.graphql
	status    int    // when all goes well
	answer    answer
	body      *form
	list      *listing
	says      wording // of errors, when it is not that of most routes
	open      bool    // also to those who have not signed in
	long      bool    // takes longer than others, or waits for its turn
	about     string  // for readers of the document, where the schema does not say it
}

const (
	get       = http.MethodGet
	post      = http.MethodPost
	put       = http.MethodPut
	patch     = http.MethodPatch
	del       = http.MethodDelete
	ok        = http.StatusOK
	created   = http.StatusCreated
	noContent = http.StatusNoContent
)

// routes is the whole API.
func routes() []route {
	const (
		signIn      = "/auth/token"
		datasets    = "/datasets"
		dataset     = datasets + "/{dataset}"
		labels      = dataset + "/labels"
		label       = labels + "/{label}"
		images      = dataset + "/images"
		image       = images + "/{image}"
		annotations = image + "/annotations"
		annotation  = annotations + "/{annotation}"
		batches     = dataset + "/batches"
		batch       = batches + "/{batch}"
		jobs        = dataset + "/jobs"
		job         = jobs + "/{job}"
		snapshots   = dataset + "/snapshots"
		snapshot    = snapshots + "/{snapshot}"
	)
	return []route{
		{method: get, path: "", status: ok, answer: root, about: "Where the datasets are."},
		{method: get, path: "/schema", status: ok, answer: theSchema, open: true, about: "This document, as JSON or YAML."},
		{method: get, path: "/docs", status: ok, answer: theDocs, open: true, about: "A page to read this document and to try what it says."},

		{method: post, path: signIn, operation: "SignIn", status: ok, answer: object("signIn"), body: credentials, says: ofSignIn, open: true, about: "Start a session, whose token lives long for clients that never refresh."},
		{method: post, path: signIn + "/refresh", operation: "Refresh", status: ok, answer: object("refresh"), body: refreshToken, says: ofTokens, open: true},
		{method: post, path: signIn + "/verify", operation: "Verify", status: ok, answer: verified, body: anyToken, says: ofTokens, open: true},
		{method: get, path: "/auth/user", operation: "GetUser", status: ok, answer: object("user")},
		{method: get, path: "/auth/users", operation: "ListUsers", status: ok, answer: object("users")},
		{method: get, path: "/auth/is_authenticated", operation: "IsAuthenticated", status: ok, answer: object(""), open: true, about: "Whether anybody is signed in."},

		{method: get, path: datasets, operation: "ListDatasets", status: ok, answer: page("datasets"), list: datasetList},
		{method: post, path: datasets, operation: "CreateDataset", status: created, answer: object("dataset"), body: datasetForm},
		{method: get, path: dataset, operation: "GetDataset", status: ok, answer: object("dataset")},
		{method: put, path: dataset, operation: "UpdateDataset", status: ok, answer: object("dataset"), body: datasetForm},
		{method: patch, path: dataset, operation: "UpdateDataset", status: ok, answer: object("dataset"), body: datasetForm},
		{method: del, path: dataset, operation: "DeleteDataset", status: noContent, answer: nothing},
		{method: get, path: dataset + "/pie_chart", operation: "AnnotationPie", status: ok, answer: object("dataset.slices")},
		{method: get, path: dataset + "/bar_chart", operation: "AnnotationBars", status: ok, answer: object("dataset.bars"), about: "How many annotations carry each label, by the label's id."},
		{method: get, path: dataset + "/image_pie_chart", operation: "ImagePie", status: ok, answer: object("dataset.slices")},
		{method: get, path: dataset + "/image_bar_chart", operation: "ImageBars", status: ok, answer: object("dataset.bars"), about: "How many images have annotations that carry each label, by the label's id."},
		{method: post, path: dataset + "/generate_snapshot", operation: "GenerateSnapshot", status: ok, answer: object("snapshot"), long: true},

		{method: get, path: labels, operation: "ListLabels", status: ok, answer: page("dataset.labels"), list: labelList},
		{method: post, path: labels, operation: "CreateLabel", status: created, answer: object("label"), body: labelForm},
		{method: get, path: label, operation: "GetLabel", status: ok, answer: object("label")},
		{method: put, path: label, operation: "UpdateLabel", status: ok, answer: object("label"), body: labelForm},
		{method: patch, path: label, operation: "UpdateLabel", status: ok, answer: object("label"), body: labelForm},
		{method: del, path: label, operation: "DeleteLabel", status: noContent, answer: nothing},

		{method: get, path: images, operation: "ListImages", status: ok, answer: page("dataset.images"), list: imageList},
		{method: post, path: images, operation: "CreateImage", status: created, answer: object("image"), body: imageForm, long: true},
		{method: post, path: images + "/zip", operation: "ImportZip", status: created, answer: object("imported"), body: zipForm, long: true},
		{method: get, path: image, operation: "GetImage", status: ok, answer: object("image")},
		{method: put, path: image, operation: "UpdateImage", status: ok, answer: object("image"), body: imageForm},
		{method: patch, path: image, operation: "UpdateImage", status: ok, answer: object("image"), body: imageForm},
		{method: del, path: image, operation: "DeleteImage", status: noContent, answer: nothing},

		{method: get, path: annotations, operation: "ListAnnotations", status: ok, answer: page("image.annotations"), list: annotationList},
		{method: post, path: annotations, operation: "CreateAnnotation", status: created, answer: object("annotation"), body: annotationForm},
		{method: post, path: annotations + "/batch", operation: "ReplaceAnnotations", status: created, answer: object("replaced.annotations"), body: annotationsForm, says: ofReplacing},
		{method: get, path: annotation, operation: "GetAnnotation", status: ok, answer: object("annotation")},
		{method: put, path: annotation, operation: "UpdateAnnotation", status: ok, answer: object("annotation"), body: annotationForm},
		{method: patch, path: annotation, operation: "UpdateAnnotation", status: ok, answer: object("annotation"), body: annotationForm},
		{method: del, path: annotation, operation: "DeleteAnnotation", status: noContent, answer: nothing},

		{method: get, path: snapshots, operation: "ListSnapshots", status: ok, answer: page("dataset.snapshots"), list: snapshotList},
		{method: post, path: snapshots, operation: "CreateSnapshot", status: created, answer: object("snapshot"), body: snapshotForm},
		{method: get, path: snapshot, operation: "GetSnapshot", status: ok, answer: object("snapshot")},
		{method: put, path: snapshot, operation: "UpdateSnapshot", status: ok, answer: object("snapshot"), body: snapshotForm},
		{method: patch, path: snapshot, operation: "UpdateSnapshot", status: ok, answer: object("snapshot"), body: snapshotForm},
		{method: del, path: snapshot, operation: "DeleteSnapshot", status: noContent, answer: nothing},

		{method: get, path: jobs, operation: "ListJobs", status: ok, answer: page("dataset.jobs"), list: jobList},
		{method: post, path: jobs, operation: "CreateJob", status: created, answer: object("job"), body: jobForm},
		{method: get, path: job, operation: "GetJob", status: ok, answer: object("job")},
		{method: put, path: job, operation: "UpdateJob", status: ok, answer: object("job"), body: jobForm},
		{method: patch, path: job, operation: "UpdateJob", status: ok, answer: object("job"), body: jobForm},
		{method: del, path: job, operation: "DeleteJob", status: noContent, answer: nothing},

		{method: get, path: batches, operation: "ListBatches", status: ok, answer: page("dataset.batches"), list: batchList},
		{method: post, path: batches, operation: "CreateBatch", status: created, answer: object("batch"), body: batchForm},
		{method: get, path: batch, operation: "GetBatch", status: ok, answer: object("batch")},
		{method: put, path: batch, operation: "UpdateBatch", status: ok, answer: object("batch"), body: batchForm},
		{method: patch, path: batch, operation: "UpdateBatch", status: ok, answer: object("batch"), body: batchForm},
		{method: del, path: batch, operation: "DeleteBatch", status: noContent, answer: nothing},
		{method: post, path: batch + "/assign", operation: "AssignBatch", status: ok, answer: assigned, body: assignForm, says: ofAssigning},
	}
}
