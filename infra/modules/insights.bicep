metadata description = 'Application Insights on the workspace; telemetry is accepted from Entra identities alone.'

param name string
param location string
param tags { *: string }
param workspaceId string

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: name
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    DisableLocalAuth: true
    WorkspaceResourceId: workspaceId
  }
}

// The tables of the component lie in the workspace already; sent there once more they would be counted twice. What remains are its metrics.
resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-log-analytics'
  scope: insights
  properties: {
    workspaceId: workspaceId
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output connectionString string = insights.properties.ConnectionString
