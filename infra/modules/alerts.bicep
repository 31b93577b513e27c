metadata description = 'Alerts that need nothing of the app: it may be the app that stopped.'

param namePrefix string
param location string
param tags { *: string }
param workspaceId string
param actionGroupId string

// They read AppMetrics, AppTraces and AppExceptions, which telemetry in OpenTelemetry mode fills, and no other table. With that mode on in
// the worker, the host leaves out its own log lines about functions and queues, so that no query may count on those.

// The names under which scheduled controls count their runs. A test compares them with the app's own list.
var controls = [
  'ControlWatch'
  'CredentialRotationCheck'
  'LeaverCaseCheck'
  'LeaverLockedOutCheck'
  'LeaverNotGivenBackCheck'
  'LeaverSweep'
  'LeaverWatch'
  'LedgerCheckpoint'
  'LedgerSelfCheck'
  'NotificationSweep'
]

// A new installation is given the same 26 hours: before that there is no run to miss.
var noRun = '''
let since = ago(26h);
let firstSeen = toscalar(union AppMetrics, AppTraces | summarize min(TimeGenerated));
print Control = dynamic({0})
| mv-expand Control to typeof(string)
| where isnull(firstSeen) or firstSeen < since
| join kind=leftanti (
    AppMetrics
    | where TimeGenerated > since and Name == 'compliance.runs'
    | where tostring(Properties['outcome']) != 'failed'
    | project Control = tostring(Properties['control'])
  ) on Control
| project TimeGenerated = now(), Control
'''

var failedRun = '''
AppMetrics
| where Name == 'compliance.runs' and tostring(Properties['outcome']) == 'failed'
| project TimeGenerated, Control = tostring(Properties['control'])
'''

var failures = '''
union AppExceptions, (AppTraces | where SeverityLevel >= 3)
| project TimeGenerated
'''

var critical = '''
AppTraces
| where SeverityLevel == 4
| project TimeGenerated
'''

// ControlWatch reads the poison queues and the dead letters every hour, and counts what it finds. That it runs is for the first of
// these alerts.
var leftMessage = '''
AppMetrics
| where Name == 'compliance.findings.opened' and tostring(Properties['control']) == 'RUN-002'
| project TimeGenerated
'''

var ledger = '''
AppMetrics
| where Name == 'compliance.findings.opened' and tostring(Properties['control']) startswith 'EVID-'
| project TimeGenerated, Control = tostring(Properties['control'])
'''

var rules = [
  {
    name: 'no-run'
    title: 'A scheduled control has not run for 26 hours'
    severity: 1
    query: format(noRun, string(controls))
    every: 'PT1H'
    window: 'P1D'
    // Longer than a window may be, so that 26 hours fit in.
    range: 'P2D'
    threshold: 0
    isByControl: true
  }
  {
    name: 'failed-run'
    title: 'A run of a scheduled control failed'
    severity: 2
    query: failedRun
    every: 'PT15M'
    window: 'PT1H'
    range: null
    threshold: 0
    isByControl: true
  }
  {
    name: 'failures'
    title: 'More than 20 errors within an hour'
    severity: 2
    query: failures
    every: 'PT15M'
    window: 'PT1H'
    range: null
    threshold: 20
    isByControl: false
  }
  {
    name: 'critical'
    title: 'The app reports something critical'
    severity: 0
    query: critical
    every: 'PT5M'
    window: 'PT15M'
    range: null
    threshold: 0
    isByControl: false
  }
  {
    name: 'left-message'
    title: 'A message was given up: it lies in a poison queue or among the dead letters'
    severity: 1
    query: leftMessage
    every: 'PT15M'
    window: 'PT1H'
    range: null
    threshold: 0
    isByControl: false
  }
  {
    name: 'ledger'
    title: 'The evidence ledger is not as it should be'
    severity: 0
    query: ledger
    every: 'PT15M'
    window: 'PT1H'
    range: null
    threshold: 0
    isByControl: true
  }
]

resource alert 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: '${namePrefix}${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: 'Compliance: ${rule.title}'
      description: '${rule.title}. What to do: docs/operations/runbook.md#${rule.name}'
      enabled: true
      severity: rule.severity
      scopes: [workspaceId]
      evaluationFrequency: rule.every
      windowSize: rule.window
      overrideQueryTimeRange: rule.range
      // The tables of a new workspace are there only some minutes later.
      skipQueryValidation: true
      autoMitigate: true
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: rule.threshold
            dimensions: rule.isByControl ? [{ name: 'Control', operator: 'Include', values: ['*'] }] : []
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: [actionGroupId] }
    }
  }
]

output names string[] = [for (rule, i) in rules: alert[i].name]
